"""SSD300, VGG-16, on ExDark behind an enhancer (Table 10).

The enhancer is a name of the zoo, or the config of one, which stays as it is
unless frozen=False.

Command:  python tools/train.py configs/detection/ssd_enhanced_exdark.py
              --cfg-options model.data_preprocessor.scene=ruas_s
Time:     not measured at full scale (see ssd_exdark.py)
Expected: no figure of ours. The paper has mAP .436 to .516 behind ten
          enhancers, on its own split
"""

_base_ = './ssd_exdark.py'

model = dict(
    data_preprocessor=dict(
        _delete_=True,
        type='ruas_mm.SceneDataPreprocessor',
        scene='ruas_s_detection',
        frozen=True,
        data_preprocessor={{_base_.model.data_preprocessor}},
    )
)
