"""The search on DARK FACE in minutes: SSDLite on 160 pixels, 300 steps.

All images of the folder, at least 8 of them with a face, half for the weights
and half for the architecture. For trying the search: at 160 pixels most faces
are 2 pixels wide. No config
of what is found: none trains SSDLite on DARK FACE.

Command:  DARKFACE_ROOT=/a/few/images python tools/train.py
              configs/search/ruas_ssdlite_darkface_mini.py
Time:     1.6 min for the first 75 steps on two busy CPU cores; run on 16
          made-up images only (the labels were not at hand)
Expected: work_dirs/ruas_ssdlite_darkface_mini/genotype.json and .png
"""

_base_ = './ruas_ssdlite_exdark_mini.py'

model = dict(bbox_head=dict(num_classes=1))

darkface = dict(
    type='ruas_mm.DarkFaceDataset',
    data_root='{{$DARKFACE_ROOT:data/DARKFACE}}',
    subset='all',
    filter_cfg=dict(filter_empty_gt=True),
    pipeline={{_base_.train_pipeline}},
)
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ruas_mm.HalfDataset',
        half='even',
        dataset=darkface,
    )
)
custom_hooks = [
    dict(
        type='ruas_mm.CooperativeSearchHook',
        phases=dict(scene=20, task=30),
        by_epoch=False,
        warm_up=50,
        interval=50,
        optimizer=dict(
            type='Adam', lr=3e-3, betas=(0.5, 0.999), weight_decay=5e-4
        ),
    )
]
test_cfg = None
test_dataloader = None
test_evaluator = None
