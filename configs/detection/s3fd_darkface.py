"""S3FD, VGG-16, on DARK FACE: a plain detector of Table 9.

22,459,110 parameters. Network, crops, schedule and tests are those of the
public PyTorch port.

Command:  python tools/train.py configs/detection/s3fd_darkface.py
          from weights for WIDER FACE (ruas-mm convert), the shorter way:
          python tools/train.py configs/detection/s3fd_darkface.py
              --cfg-options load_from=s3fd.pth
              optim_wrapper.optimizer.lr=1e-4 train_cfg.max_iters=70000
          as they are, several scales, mirrored, boxes vote:
          python tools/test.py configs/detection/s3fd_darkface.py s3fd.pth
              --tta
Time:     not measured (the labels were not at hand: run on made-up ones only)
Expected: no figure of ours. The paper has .619 fine-tuned on the dark
          pictures (Table 9), on its own draw, without schedule or test scales
"""

_base_ = ['../_base_/darkface.py', '../_base_/face_detector.py']

model = dict(
    train_cfg=dict(
        assigner=dict(_delete_=True, type='ruas_mm.ScaleCompensationAssigner')
    )
)

train_dataloader = dict(
    _base_.face_train_dataloader,
    dataset=dict(
        _base_.darkface_train,
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=_base_.face_train_pipeline,
    ),
)
val_dataloader = dict(
    _base_.face_test_dataloader,
    dataset=dict(
        _base_.darkface_test,
        test_mode=True,
        pipeline=_base_.face_test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = test_evaluator = {{_base_.darkface_evaluator}}
default_hooks = dict(
    checkpoint=dict(save_best='darkface/official_AP', rule='greater')
)
