"""RUAS on ResNet-50, DARK FACE (Table 7).

The released face detector with its genotype on another backbone. For
ResNet-101 and -152 see ../_base_/face_resnet.py.

Command:  python tools/train.py configs/detection/ruas_s3fd-r50_darkface.py
Time:     not measured (the labels were not at hand: run on made-up ones only)
Expected: no figure of ours. The paper has .674 (ResNet-50), .657 (-101) and
          .661 (-152) on its own draw
"""

_base_ = ['./ruas_s3fd_darkface.py', '../_base_/face_resnet.py']

model = dict(
    data_preprocessor=dict(data_preprocessor={{_base_.resnet_input}}),
    backbone=dict(_delete_=True, **_base_.resnet),
    **_base_.resnet_levels,
)
