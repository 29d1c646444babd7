"""MIT-Adobe FiveK, to be put together with ``pictures.py`` by an experiment.

FIVEK_ROOT names the folder. Expert C; training takes 500 inputs alone, testing
100 pairs.
"""

fivek_train = dict(
    type='ruas_mm.FiveKDataset',
    data_root='{{$FIVEK_ROOT:data/FiveK}}',
    subset='train',
    expert='c',
    split='paper',
    paired=False,
)
fivek_test = dict(fivek_train, subset='test', paired=True)
