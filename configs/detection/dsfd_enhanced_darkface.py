"""DSFD on DARK FACE behind an enhancer (Table 9).

"Finetune" of the table is training, "pre-train" testing with weights for
WIDER FACE. The enhancer is a name of the zoo, or the config of one, which
stays as it is unless frozen=False.

Command:  python tools/train.py configs/detection/dsfd_enhanced_darkface.py
              --cfg-options model.data_preprocessor.scene=ruas_s
          python tools/test.py configs/detection/dsfd_enhanced_darkface.py
              dsfd.pth --tta
Time:     not measured (the labels were not at hand: run on made-up ones only)
Expected: no figure of ours. The paper has .149 to .526 and .530 to .657
          (pre-train and finetune, ten enhancers), on its own draw
"""

_base_ = './dsfd_darkface.py'

model = dict(
    data_preprocessor=dict(
        _delete_=True,
        type='ruas_mm.SceneDataPreprocessor',
        scene='ruas_s_detection',
        frozen=True,
        data_preprocessor={{_base_.model.data_preprocessor}},
    )
)
