"""RUAS on ACDC at night: scene module, searched branches (Table 11).

Command:  python tools/train.py
              configs/segmentation/ruas_deeplabv3plus_acdc-night.py
Time:     not measured (neither the labels nor a GPU were at hand)
Expected: no figure of ours; the paper has an mIoU of 48.5 over 17 classes
          (mIoU_17 here)

No genotype for segmentation was released: the scene module has that of face
detection, the branches are those of DeepLabv3+ itself, so that weights of
Cityscapes load as in deeplabv3plus_acdc-night.py (the scene module's alone
are missing in them). search/ruas_deeplabv3plus_supernet_acdc-night.py
searches for others.
"""

_base_ = [
    './deeplabv3plus_acdc-night.py',
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
    # the scene module learns at the host's rate
    paramwise_cfg=dict(
        custom_keys={'data_preprocessor.scene': dict(lr_mult=1)}
    )
)
default_hooks = dict(
    visualization=dict(_delete_=True, type='ruas_mm.SceneVisualizationHook')
)
