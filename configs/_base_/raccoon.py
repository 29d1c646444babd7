"""Raccoons at night, to be put into any mmdet config by that config.

RACCOON_ROOT names the folder: the 200 pictures and VOC boxes of
https://github.com/datitran/raccoon_dataset (images/, annotations/), darkened
by ``tools/dataset_converters/darken.py --level night``, with the lists of
``tools/dataset_converters/split_voc.py --val 40``.
"""

custom_imports = dict(imports=['ruas_mm'], allow_failed_imports=False)

raccoon_train = dict(
    type='XMLDataset',
    data_root='{{$RACCOON_ROOT:data/raccoon-night}}',
    ann_file='train.txt',
    data_prefix=dict(sub_data_root=''),
    img_subdir='images',
    ann_subdir='annotations',
    metainfo=dict(classes=('raccoon',)),
)
raccoon_val = dict(raccoon_train, ann_file='val.txt', test_mode=True)
