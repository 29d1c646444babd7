"""Typical module on VGG-16 behind an enhancer, DARK FACE (Table 8, RUAS_S+TM).

The enhancer is a name of the zoo, or the config of one, which stays as it is
unless frozen=False.

Command:  python tools/train.py configs/detection/tm_s3fd_enhanced_darkface.py
Time:     not measured (the labels were not at hand: run on made-up ones only)
Expected: no figure of ours. The paper has .639 on its own draw
"""

_base_ = './tm_s3fd_darkface.py'

model = dict(
    data_preprocessor=dict(
        _delete_=True,
        type='ruas_mm.SceneDataPreprocessor',
        scene='ruas_s',
        frozen=True,
        data_preprocessor={{_base_.model.data_preprocessor}},
    )
)
