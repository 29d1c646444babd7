"""MIT-Adobe FiveK, expert C, to be put into the config of an enhancer.

FIVEK_ROOT names the folder. Training takes 500 inputs alone, testing 100
pairs. There is no validation part: the test part stands in, as in the paper.
"""

custom_imports = dict(imports=['ruas_mm'], allow_failed_imports=False)

fivek_train = dict(
    type='ruas_mm.FiveKDataset',
    data_root='{{$FIVEK_ROOT:data/FiveK}}',
    subset='train',
    expert='c',
    split='paper',
    paired=False,
    pipeline=[
        dict(type='ruas_mm.LoadImagePair'),
        dict(type='ruas_mm.PairedRandomCrop', size=160),
        dict(type='ruas_mm.PairedRandomFlip'),
        dict(type='ruas_mm.PackEnhancementInputs'),
    ],
)
fivek_test = dict(
    fivek_train,
    subset='test',
    paired=True,
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
    dataset=fivek_train,
)
test_dataloader = dict(
    batch_size=1,  # the pictures differ in size
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=fivek_test,
)
val_dataloader = test_dataloader
test_evaluator = dict(type='ruas_mm.EnhancementMetric')
val_evaluator = test_evaluator
val_cfg = dict()
test_cfg = dict()
