"""Zero-DCE on the dark pictures of LOL v1, with its own loss.

Command:  LOL_ROOT=lol_split python tools/train.py
              configs/enhancement/zero_dce_lol_v1.py
Time:     not measured in full
Expected: 60 iterations of 2 pictures: loss 3.15 to 2.58;
          no figure of a whole training yet
"""

_base_ = [
    '../_base_/pictures.py',
    '../_base_/lol.py',
    '../_base_/enhancer_training.py',
]

model = dict(
    enhancer=dict(type='zero_dce'), loss=dict(type='ruas_mm.ZeroReferenceLoss')
)
# the authors': patches of 256 pixels, batches of 8
optim_wrapper = dict(
    optimizer=dict(weight_decay=1e-4), clip_grad=dict(max_norm=0.1)
)

v1 = dict(version='v1', split='official')
train_dataloader = dict(dataset=dict(_base_.lol_train, **v1))
val_dataloader = test_dataloader = dict(dataset=dict(_base_.lol_test, **v1))
