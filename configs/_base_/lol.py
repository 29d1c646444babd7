"""LOL, to be put together with ``pictures.py`` by an experiment.

LOL_ROOT names the folder. Version v2-real in the split of the paper; for LOL
v1 see ``enhancement/ruas_lol_v1.py``. Training takes the low-light pictures
alone.
"""

lol_train = dict(
    type='ruas_mm.LOLDataset',
    data_root='{{$LOL_ROOT:data/LOL}}',
    version='v2-real',
    split='paper',
    subset='train',
    paired=False,
)
lol_test = dict(lol_train, subset='test', paired=True)
