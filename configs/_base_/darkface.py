"""DARK FACE, to be put into any mmdet config by that config.

DARKFACE_ROOT names the folder. The split of the paper, which has no validation
part: the test part stands in.
"""

custom_imports = dict(imports=['ruas_mm'], allow_failed_imports=False)

darkface_train = dict(
    type='ruas_mm.DarkFaceDataset',
    data_root='{{$DARKFACE_ROOT:data/DARKFACE}}',
    # in place of the host's: there is no list, and the folders are looked for
    ann_file='',
    data_prefix=None,
    split='paper',
    subset='train',
)
darkface_test = dict(darkface_train, subset='test')
# of the official tool, and of VOC
darkface_evaluator = dict(type='ruas_mm.DarkFaceMetric')
