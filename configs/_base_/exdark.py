"""ExDark, to be put into any mmdet config by that config.

EXDARK_ROOT names the folder, EXDARK_SPLIT the split: official (default),
paper or 80-20. The random splits have no validation part: theirs is the test
part, as in the papers that use them.
"""

custom_imports = dict(imports=['ruas_mm'], allow_failed_imports=False)

exdark_root = '{{$EXDARK_ROOT:data/ExDark}}'
exdark_split = '{{$EXDARK_SPLIT:official}}'

exdark_train = dict(
    type='ruas_mm.ExDarkDataset',
    data_root=exdark_root,
    ann_file='imageclasslist.txt',
    data_prefix=dict(img='ExDark', ann='ExDark_Annno'),
    split=exdark_split,
    subset='train',
)
exdark_test = dict(exdark_train, subset='test')
exdark_val = dict(
    exdark_train, subset='val' if exdark_split == 'official' else 'test'
)
