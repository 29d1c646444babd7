"""LOL, to be put into the config of an enhancer.

LOL_ROOT names the folder, LOL_VERSION the version: v2-real (default), v1 or
v2-synthetic, LOL_SPLIT the split: paper (default; v2-real only) or official.
Training takes the low-light pictures alone. There is no validation part: the
test part stands in, as in the papers.
"""

custom_imports = dict(imports=['ruas_mm'], allow_failed_imports=False)

lol_train = dict(
    type='ruas_mm.LOLDataset',
    data_root='{{$LOL_ROOT:data/LOL}}',
    version='{{$LOL_VERSION:v2-real}}',
    split='{{$LOL_SPLIT:paper}}',
    subset='train',
    paired=False,
    pipeline=[
        dict(type='ruas_mm.LoadImagePair'),
        dict(type='ruas_mm.PairedRandomCrop', size=160),
        dict(type='ruas_mm.PairedRandomFlip'),
        dict(type='ruas_mm.PackEnhancementInputs'),
    ],
)
lol_test = dict(
    lol_train,
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
    dataset=lol_train,
)
# the pictures of other sets differ in size: one at a time
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=lol_test,
)
val_dataloader = test_dataloader
test_evaluator = dict(type='ruas_mm.EnhancementMetric')
val_evaluator = test_evaluator
val_cfg = dict()
test_cfg = dict()
