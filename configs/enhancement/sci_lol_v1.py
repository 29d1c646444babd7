"""SCI on the dark pictures of LOL v1, with its own loss.

Command:  LOL_ROOT=lol_split python tools/train.py
              configs/enhancement/sci_lol_v1.py
Time:     not measured in full
Expected: 60 iterations of 2 pictures: loss 13.9 to 5.2;
          no figure of a whole training yet
"""

_base_ = [
    '../_base_/pictures.py',
    '../_base_/lol.py',
    '../_base_/enhancer_training.py',
]

model = dict(enhancer=dict(type='sci'), loss=dict(type='ruas_mm.SCILoss'))
# the authors': whole pictures, batches of 1
optim_wrapper = dict(
    optimizer=dict(lr=3e-4, weight_decay=3e-4), clip_grad=dict(max_norm=5)
)

v1 = dict(version='v1', split='official')
train_dataloader = dict(dataset=dict(_base_.lol_train, **v1))
val_dataloader = test_dataloader = dict(dataset=dict(_base_.lol_test, **v1))
