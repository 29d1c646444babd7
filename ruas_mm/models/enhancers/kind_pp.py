"""KinD++: KinD, trained anew.

Zhang et al., Beyond Brightening Low-light Images, IJCV 2021.

Differs from the paper: as :mod:`KinD <ruas_mm.models.enhancers.kind>`, whose
two published networks are the same in both.
Weights: github.com/zhangyhuaee/KinD_plus, no licence stated (TensorFlow, of
the decomposing and the adjusting network; converted tensors keep their names).
"""

from ruas_mm.models.enhancers.kind import DECOMPOSING, KinD


class KinDPlusPlus(KinD):
    """See :class:`KinD`."""

    theirs = {
        **DECOMPOSING,
        **{f'conv_{i + 1}': f'adjust.{i}' for i in range(4)},
    }
