"""Typical module on VGG-16, raccoons at night in minutes (Table 7, TM).

Command:  python tools/misc/get_backbones.py vgg16 data/backbones/vgg16.pth
          the pictures as in ssdlite_raccoon-night_mini.py, and
          python tools/train.py configs/detection/tm_s3fd_raccoon-night_mini.py
Time:     see docs/results.md
Expected: docs/results.md, "Backbones": the row VGG-16, TM of Table 7
"""

_base_ = './ruas_s3fd_raccoon-night_mini.py'

model = dict(
    data_preprocessor=dict(
        _delete_=True, **_base_.model.data_preprocessor.data_preprocessor
    ),
    **_base_.tm,
)
default_hooks = dict(
    visualization=dict(_delete_=True, type='DetVisualizationHook')
)
