"""Released genotypes: which operations of Table 1 the authors' search found.

A genotype is a plain sequence of abbreviations (keys of
:data:`~ruas_mm.models.cells.operations.OPERATIONS`), so a config or a JSON
file can hold it. Order of a cell: ``c1_d, c1_r, c2_d, c2_r, c3_d, c3_r, c4``
(see :class:`DistillationCell`).

Source: the authors' two public releases (CVPR 2021 and journal).
"""

SCENE_ENHANCEMENT = ('SC', '1-RC', '3-2-RDC', '3-C', '3-C', 'SC', '3-C')
"""Scene module of the enhancement networks, both releases."""

SCENE_FACE_DETECTION = ('SC', '1-C', '1-RC', '1-RC', '1-RC', '1-RC', '3-RC')
"""Scene module of the face detector, journal release."""

NOISE_REMOVAL_CVPR21 = ('1-RC', '1-RC', '3-2-RDC', 'SC', '1-RC', '1-RC', 'SC')
"""Noise removal network, CVPR 2021 release."""

NOISE_REMOVAL_JOURNAL = (
    '1-RC',
    '3-RC',
    '3-2-DC',
    '1-RC',
    '3-RC',
    '3-C',
    '3-RC',
)
"""Noise removal network, journal release."""

NECK_FACE_DETECTION = ('7-C', '7-C', '7-C', '3-C')
"""Four extra layers of the face detector, journal release."""

HEAD_FACE_DETECTION = dict(
    reg=('7-C', '3-2-DC', '3-2-DC', '3-2-DC', '3-2-DC', '3-C'),
    cls=('3-2-DC', '7-C', '7-C', '5-C', '5-2-DC', '7-C'),
)
"""Box and class branches of the face detector's six levels."""
