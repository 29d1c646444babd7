"""The search on DARK FACE in minutes: SSDLite on 160 pixels, 300 steps.

All images of the folder, at least 8 of them with a face, half for the weights
and half for the architecture. For trying the search: at 160 pixels most faces
are 2 pixels wide. No config to train what is found: none has SSDLite on DARK
FACE.

Command:  DARKFACE_ROOT=/a/few/images python tools/train.py
              configs/search/ruas_ssdlite_supernet_darkface_mini.py
Time:     1.6 min for the first 75 steps on two busy CPU cores; run on 16
          made-up images only (the labels were not at hand)
Expected: work_dirs/ruas_ssdlite_supernet_darkface_mini/genotype.json and .png
"""

_base_ = './ruas_ssdlite_supernet_exdark_mini.py'

model = dict(bbox_head=dict(num_classes=1))
train_dataloader = dict(
    dataset=dict(
        dataset=dict(
            _delete_=True,
            type='ruas_mm.DarkFaceDataset',
            data_root='{{$DARKFACE_ROOT:data/DARKFACE}}',
            subset='all',
            filter_cfg=dict(filter_empty_gt=True),
            pipeline={{_base_.train_pipeline}},
        )
    )
)
custom_hooks = [dict(_base_.custom_hooks[0], train_config=None)]
test_cfg = test_dataloader = test_evaluator = None
