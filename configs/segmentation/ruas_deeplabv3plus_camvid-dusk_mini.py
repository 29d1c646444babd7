"""RUAS on CamVid at dusk in minutes: a scene module in front, 62 images.

Command:  python tools/misc/get_backbones.py efficientnet_lite0
              data/backbones/efficientnet_lite0.pth
          python tools/train.py
              configs/segmentation/ruas_deeplabv3plus_camvid-dusk_mini.py
Time:     not measured at its full length
Expected: no figure yet (run for ten steps only); for comparing fronts and
          branches, not for any row of the paper
"""

_base_ = [
    './deeplabv3plus_camvid-dusk_mini.py',
    '../_base_/genotypes/deeplabv3plus.json',
]

model = dict(
    data_preprocessor=dict(
        _delete_=True,
        type='ruas_mm.SceneDataPreprocessor',
        scene=dict(
            type='ruas_mm.SceneModule', genotype={{_base_.genotype.scene}}
        ),
        data_preprocessor={{_base_.model.data_preprocessor}},
    ),
    decode_head=dict(
        type='ruas_mm.SearchableASPPHead', genotype={{_base_.genotype.head}}
    ),
)

optim_wrapper = dict(
    # the scene module learns at the rate of the head
    paramwise_cfg=dict(
        custom_keys={'data_preprocessor.scene': dict(lr_mult=1)}
    )
)
default_hooks = dict(
    visualization=dict(_delete_=True, type='ruas_mm.SceneVisualizationHook')
)
