"""Typical module on ResNet-50, raccoons at night in minutes (Table 7).

For ResNet-101 and -152 see ../_base_/face_resnet.py.

Command:  python tools/train.py
              configs/detection/tm_s3fd-r50_raccoon-night_mini.py
Time:     see docs/results.md
Expected: docs/results.md, "Backbones"; with ImageNet features no figure of
          ours (their site could not be reached)
"""

_base_ = ['./tm_s3fd_raccoon-night_mini.py', '../_base_/face_resnet.py']

model = dict(
    data_preprocessor={{_base_.resnet_input}},
    backbone=dict(_delete_=True, **_base_.resnet),
    **_base_.resnet_levels,
)
