"""The three networks of the paper's low-level task, in one list.

Paper: Table 5. https://arxiv.org/abs/2112.04719
"""

from typing import NamedTuple, Optional, Tuple

from ruas_mm.models.cells.genotype import (
    NOISE_REMOVAL_CVPR21,
    NOISE_REMOVAL_JOURNAL,
)


class Variant(NamedTuple):
    """One network.

    Attributes:
        parts: Its modules, in the order in which the paper trains them.
        removal_genotype: Of the noise remover, as released.
    """

    parts: Tuple[str, ...]
    removal_genotype: Optional[Tuple[str, ...]]


VARIANTS = dict(
    RUAS_S=Variant(('scene',), None),
    RUAS=Variant(('scene', 'noise_remover'), NOISE_REMOVAL_CVPR21),
    RUAS_A=Variant(
        ('scene', 'noise_estimator', 'noise_remover'), NOISE_REMOVAL_JOURNAL
    ),
)
PARTS = VARIANTS['RUAS_A'].parts
