"""Any folder of pictures, to be put together with ``pictures.py``.

UNLABELLED_ROOT names the folder (DARK FACE, SICE, your own). Without
references there is nothing to measure: testing only gives pictures.
"""

unlabelled = dict(
    type='ruas_mm.UnlabelledImageDataset',
    data_root='{{$UNLABELLED_ROOT:data/unlabelled}}',
)
