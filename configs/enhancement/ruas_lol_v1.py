"""RUAS on LOL v1, in the split of its folders.

Command:  LOL_ROOT=lol_split python tools/train.py
              configs/enhancement/ruas_lol_v1.py
          python tools/test.py configs/enhancement/ruas_lol_v1.py
              work_dirs/ruas_lol_v1/iter_2000.pth
          (lol_split: tools/dataset_converters/split_pairs.py, or LOL itself)
Time:     about 8 min on two CPU cores
Expected: 150 iterations for each part, on 41 pairs: 17.116 dB / .463
          (docs/results.md)
"""

_base_ = ['../_base_/pictures.py', '../_base_/lol.py', '../_base_/ruas.py']

v1 = dict(version='v1', split='official')
train_dataloader = dict(dataset=dict(_base_.lol_train, **v1))
val_dataloader = test_dataloader = dict(dataset=dict(_base_.lol_test, **v1))
