"""Any folder of pictures, to be put into the config of an enhancer.

UNLABELLED_ROOT names the folder (DARK FACE, ExtremelyDarkFace, SICE, your
own). Without references there is nothing to measure: testing only gives
pictures.
"""

custom_imports = dict(imports=['ruas_mm'], allow_failed_imports=False)

unlabelled_train = dict(
    type='ruas_mm.UnlabelledImageDataset',
    data_root='{{$UNLABELLED_ROOT:data/unlabelled}}',
    pipeline=[
        dict(type='ruas_mm.LoadImagePair'),
        dict(type='ruas_mm.PairedRandomCrop', size=160),
        dict(type='ruas_mm.PairedRandomFlip'),
        dict(type='ruas_mm.PackEnhancementInputs'),
    ],
)
unlabelled_test = dict(
    unlabelled_train,
    test_mode=True,
    pipeline=[
        dict(type='ruas_mm.LoadImagePair'),
        dict(type='ruas_mm.PackEnhancementInputs'),
    ],
)

train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=unlabelled_train,
)
test_dataloader = dict(
    batch_size=1,  # the pictures differ in size
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=unlabelled_test,
)
test_evaluator = []
test_cfg = dict()
