"""RUAS on DARK FACE: scene module, SSD512 neck and head (Table 9).

Command:  python tools/train.py configs/detection/ruas_ssd_darkface.py
Time:     not measured (the labels were not at hand: run on made-up ones only)
Expected: no figure of ours. The paper has .693 (Table 9), and .685 with VGG-16
          (Table 7), on its own draw, without input size and schedule; faces
          are about 6x8 pixels here, the smallest anchor 20x20

The scene genotype is the one released for face detection. Released neck and
head have one level fewer than SSD512, so theirs are plain convolutions
(mmdet's SSD512), which search/ruas_ssd_supernet_darkface.py replaces.
"""

_base_ = [
    'mmdet::ssd/ssd512_coco.py',
    '../_base_/darkface.py',
    '../_base_/genotypes/released_face_detection.json',
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
        type='ruas_mm.SearchableSSDNeck',
        genotype=['3-C'] * 5,
        # 2x2 to 1x1 by stride 2, not by mmdet's kernel of 4: the genotype
        # sets the kernels
        level_strides=(2, 2, 2, 2, 2),
        last_kernel_size=3,
    ),
    bbox_head=dict(
        type='ruas_mm.SearchableSSDHead',
        num_classes=1,
        genotype=dict(reg=['3-C'] * 7, cls=['3-C'] * 7),
    ),
)

train_dataloader = dict(dataset=dict(dataset={{_base_.darkface_train}}))
val_dataloader = dict(dataset={{_base_.darkface_test}})
test_dataloader = val_dataloader
val_evaluator = dict(_base_.darkface_evaluator, _delete_=True)
test_evaluator = val_evaluator

# as in ssd_exdark.py: mmdet's rate is for 64 images a step
optim_wrapper = dict(
    optimizer=dict(lr=1e-3),
    clip_grad=dict(max_norm=35, norm_type=2),
    # as in ruas_ssd_exdark.py: it suits the scene module, too
    paramwise_cfg=dict(
        custom_keys={'data_preprocessor.scene': dict(lr_mult=1)}
    ),
)
default_hooks = dict(
    checkpoint=dict(
        max_keep_ckpts=3, save_best='darkface/official_AP', rule='greater'
    ),
    visualization=dict(_delete_=True, type='ruas_mm.SceneVisualizationHook'),
)
