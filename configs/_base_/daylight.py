"""Daylight photographs, darkened, to be put together with ``pictures.py``.

DAYLIGHT_ROOT names a folder of well-lit photographs, its subfolders too. What
a pipeline with CameraDarkening gives has a noise-free twin.
"""

daylight_pipeline = [
    dict(type='ruas_mm.LoadImagePair'),
    dict(
        type='mmcv.RandomResize',
        scale=(480, 320),
        ratio_range=(0.45, 1.0),  # shrunk, they have less noise of their own
        keep_ratio=True,
        interpolation='area',
    ),
    dict(type='ruas_mm.PairedRandomCrop', size=144),
    dict(type='ruas_mm.PairedRandomFlip'),
    dict(
        type='ruas_mm.CameraDarkening',
        read_noise=(0.15, 2.5),
        shot_noise=(0.2, 3.5),
    ),
    dict(type='ruas_mm.PackEnhancementInputs'),
]
daylight = dict(
    type='ruas_mm.UnlabelledImageDataset',
    data_root='{{$DAYLIGHT_ROOT:data/daylight}}',
    pipeline=daylight_pipeline,
)
