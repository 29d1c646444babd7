"""PairLIE on LOL v1: the reference is the second exposure.

Command:  LOL_ROOT=lol_split python tools/train.py
              configs/enhancement/pairlie_lol_v1.py
Time:     not measured in full
Expected: 25 iterations of 2 pictures: loss 100.3 to 86.9;
          no figure of a whole training yet
"""

_base_ = [
    '../_base_/pictures.py',
    '../_base_/lol.py',
    '../_base_/enhancer_training.py',
]

model = dict(
    enhancer=dict(type='pairlie', exponent=0.14),
    loss=dict(type='ruas_mm.PairLIELoss'),
)
# the authors': two dark exposures, patches of 128 pixels, batches of 1

v1 = dict(version='v1', split='official')
train_dataloader = dict(
    batch_size=1, dataset=dict(_base_.lol_test, **v1, subset='train')
)
val_dataloader = test_dataloader = dict(dataset=dict(_base_.lol_test, **v1))
