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
        what: In some words.
        parts: Its modules, in the order in which the paper trains them.
        removal_genotype: Of the noise remover, as released.
        weights: File of ``ruas_mm/weights`` that is packaged for it.
    """

    what: str
    parts: Tuple[str, ...]
    removal_genotype: Optional[Tuple[str, ...]]
    weights: str


VARIANTS = dict(
    RUAS_S=Variant('light alone', ('scene',), None, 'ruas_s.safetensors'),
    RUAS=Variant(
        'light, denoise',
        ('scene', 'noise_remover'),
        NOISE_REMOVAL_CVPR21,
        'ruas.safetensors',
    ),
    RUAS_A=Variant(
        'light, denoise if noisy',
        ('scene', 'noise_estimator', 'noise_remover'),
        NOISE_REMOVAL_JOURNAL,
        'ruas_a.safetensors',
    ),
)
PARTS = VARIANTS['RUAS_A'].parts
DEFAULT_VARIANT = 'RUAS_A'
