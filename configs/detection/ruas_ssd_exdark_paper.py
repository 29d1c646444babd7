"""RUAS on ExDark in the paper's split: 5,200 for training, 1,200 for testing.

Reproduces: Table 10, last row (mAP .536); the paper's own draw is not
published, ours is made with seed 0.

Command:  python tools/train.py configs/detection/ruas_ssd_exdark_paper.py
Time:     not measured at full scale
Expected: as in ruas_ssd_exdark.py; a split without a validation part: the
          test part stands in, as in the paper
"""

_base_ = '../ruas_ssd_exdark.py'

train_dataloader = dict(dataset=dict(dataset=dict(split='paper')))
val_dataloader = dict(dataset=dict(split='paper', subset='test'))
test_dataloader = dict(dataset=dict(split='paper'))
