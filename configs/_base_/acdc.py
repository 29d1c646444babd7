"""ACDC, to be put into any mmseg config by that config.

ACDC_ROOT names the folder. Night: 400 images for training, 106 for testing, as
in the paper.
"""

custom_imports = dict(imports=['ruas_mm'], allow_failed_imports=False)

acdc_train = dict(
    type='ruas_mm.ACDCDataset',
    data_root='{{$ACDC_ROOT:data/ACDC}}',
    data_prefix=dict(img_path='rgb_anon', seg_map_path='gt'),
    conditions='night',
    subset='train',
)
acdc_val = dict(acdc_train, subset='val')
# over 19 classes, and over the 17 of Table 11
acdc_evaluator = dict(
    type='ruas_mm.NamedIoUMetric', without=[('truck', 'bus')]
)
