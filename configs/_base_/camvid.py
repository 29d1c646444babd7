"""CamVid, to be put into any mmseg config by that config.

CAMVID_ROOT names the folder. The drive at dusk: its earlier half for training,
its later one for testing.
"""

custom_imports = dict(imports=['ruas_mm'], allow_failed_imports=False)

camvid_train = dict(
    type='ruas_mm.CamVidDataset',
    data_root='{{$CAMVID_ROOT:data/CamVid}}',
    data_prefix=None,  # the data set's own
    subset='train',
    lights='dusk',
)
camvid_test = dict(camvid_train, subset='test')
