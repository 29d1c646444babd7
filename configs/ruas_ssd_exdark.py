"""RUAS on ExDark: scene module, searched SSD neck and head (Table 10).

Command:  python tools/train.py configs/ruas_ssd_exdark.py
Time:     not measured at full scale (see docs/results.md for two CPU cores)
Expected: the paper reports mAP .536 on its own split
          (detection/ruas_ssd_exdark_paper.py); no figure of ours at full scale
          yet

The genotype is the one released for face detection. Trained end to end with
the detection loss alone (the paper's Table 6, first row). To start from
enhancement weights (Table 6, last row) convert them and give
  --cfg-options model.data_preprocessor.scene.init_cfg.type=Pretrained
    model.data_preprocessor.scene.init_cfg.checkpoint=lol.pth
    model.data_preprocessor.scene.init_cfg.prefix=scene
and their genotype (ruas_mm.models.cells.genotype.SCENE_ENHANCEMENT).
"""

_base_ = [
    './detection/ssd_exdark.py',
    './_base_/genotypes/released_face_detection.json',
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
    neck=dict(
        type='ruas_mm.SearchableSSDNeck', genotype={{_base_.genotype.neck}}
    ),
    bbox_head=dict(genotype={{_base_.genotype.head}}),
)

optim_wrapper = dict(
    # the scene module learns at the host's rate: 1e-3 suits it, too
    paramwise_cfg=dict(
        custom_keys={'data_preprocessor.scene': dict(lr_mult=1)}
    )
)
default_hooks = dict(
    visualization=dict(_delete_=True, type='ruas_mm.SceneVisualizationHook')
)
