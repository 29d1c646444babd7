"""Typical module on VGG-16, DARK FACE (Tables 7 and 8, TM).

The released face detector without its scene module, and with plain
convolutions in the place of the searched ones.

Command:  python tools/train.py configs/detection/tm_s3fd_darkface.py
Time:     not measured (the labels were not at hand: run on made-up ones only)
Expected: no figure of ours. The paper has .611 on its own draw
"""

_base_ = './ruas_s3fd_darkface.py'

model = dict(
    data_preprocessor=dict(
        _delete_=True, **_base_.model.data_preprocessor.data_preprocessor
    ),
    **_base_.tm,
)
default_hooks = dict(
    visualization=dict(_delete_=True, type='DetVisualizationHook')
)
