"""SSD300, VGG-16, on ExDark: the paper's plain detector (Table 10).

Command:  python tools/train.py configs/detection/ssd_exdark.py
Time:     not measured at full scale (about 17 s an iteration of 8 images on
          two CPU cores)
Expected: the paper gives only SSD behind other enhancers, mAP .436 to .516 on
          its own split; no figure of ours at full scale yet
"""

_base_ = ['mmdet::ssd/ssd300_coco.py', '../_base_/exdark.py']

# mmdet 3.3.0's SSDHead cannot predict (mmdetection issue 11780); with this
# genotype ours is the same head, parameter for parameter.
model = dict(
    bbox_head=dict(
        type='ruas_mm.SearchableSSDHead',
        num_classes=12,
        genotype=dict(reg=['3-C'] * 6, cls=['3-C'] * 6),
    )
)

train_dataloader = dict(dataset=dict(dataset={{_base_.exdark_train}}))
val_dataloader = dict(dataset={{_base_.exdark_val}})
test_dataloader = dict(dataset={{_base_.exdark_test}})
val_evaluator = dict(_delete_=True, type='ruas_mm.ExDarkMetric')
test_evaluator = val_evaluator

# mmdet's rate is for 64 images a step; here it is 8. Clipping keeps the first
# steps of the new head from diverging.
optim_wrapper = dict(
    optimizer=dict(lr=1e-3), clip_grad=dict(max_norm=35, norm_type=2)
)
default_hooks = dict(
    checkpoint=dict(max_keep_ckpts=3, save_best='exdark/AP50', rule='greater')
)
