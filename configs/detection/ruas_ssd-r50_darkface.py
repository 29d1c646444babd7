"""RUAS on ResNet-50, DARK FACE (Table 7).

The released scene module and branches on the levels of ssd-r50_darkface.py,
which tells how to have ResNet-101 and -152.

Command:  python tools/train.py configs/detection/ruas_ssd-r50_darkface.py
Time:     not measured (the labels were not at hand)
Expected: no figure of ours. The paper has .674 (ResNet-50), .657 (-101) and
          .661 (-152) on its own draw
"""

_base_ = [
    './ssd-r50_darkface.py',
    '../_base_/genotypes/released_face_detection.json',
]

model = dict(
    data_preprocessor=dict(
        _delete_=True,
        type='ruas_mm.SceneDataPreprocessor',
        scene=dict(
            type='ruas_mm.SceneModule',
            genotype={{_base_.genotype.scene}},
            warm_start='detector',
        ),
        data_preprocessor={{_base_.model.data_preprocessor}},
    ),
    bbox_head=dict(genotype={{_base_.genotype.head}}),
)
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys={'data_preprocessor.scene': dict(lr_mult=1)}
    )
)
default_hooks = dict(
    visualization=dict(_delete_=True, type='ruas_mm.SceneVisualizationHook')
)
