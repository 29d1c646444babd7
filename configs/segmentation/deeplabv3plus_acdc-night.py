"""DeepLabv3+, ResNet-101, on ACDC at night: the baseline of Table 11.

Command:  python tools/train.py
              configs/segmentation/deeplabv3plus_acdc-night.py
          or from mmseg's weights of Cityscapes, as the paper:
          ... --cfg-options load_from=URL (that in configs/segmentation/README)
Time:     not measured (neither the labels nor a GPU were at hand)
Expected: no figure of ours; the paper has an mIoU of 46.1 over 17 classes
          (mIoU_17 here), started from weights of its authors' source
"""

_base_ = ['../_base_/deeplabv3plus.py', '../_base_/acdc.py']

train_pipeline = _base_.train_pipeline
train_pipeline[2].scale = (1920, 1080)
test_pipeline = _base_.test_pipeline
test_pipeline[1].scale = (1920, 1080)

train_dataloader = dict(
    dataset=dict(_base_.acdc_train, pipeline=train_pipeline)
)
val_dataloader = dict(dataset=dict(_base_.acdc_val, pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(_base_.acdc_evaluator, _delete_=True)
test_evaluator = val_evaluator

# mmseg's rate is for 8 images a step; here it is 2
optim_wrapper = dict(optimizer=dict(lr=2.5e-3))
default_hooks = dict(
    checkpoint=dict(max_keep_ckpts=2, save_best='mIoU_17', rule='greater')
)
