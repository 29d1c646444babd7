"""ExDark, to be put into any mmdet config by that config.

EXDARK_ROOT names the folder. The official split; for that of the paper see
``detection/ruas_ssd_exdark_paper.py``.
"""

custom_imports = dict(imports=['ruas_mm'], allow_failed_imports=False)

exdark_train = dict(
    type='ruas_mm.ExDarkDataset',
    data_root='{{$EXDARK_ROOT:data/ExDark}}',
    ann_file='imageclasslist.txt',
    data_prefix=dict(img='ExDark', ann='ExDark_Annno'),
    split='official',
    subset='train',
)
exdark_val = dict(exdark_train, subset='val')
exdark_test = dict(exdark_train, subset='test')
