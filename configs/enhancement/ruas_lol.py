"""RUAS on LOL: scene module and noise removal, without references.

Reproduces: Table 5, LOL, column RUAS (18.226 dB / .717 / .354).

Command:  python tools/train.py configs/enhancement/ruas_lol.py
          python tools/test.py configs/enhancement/ruas_lol.py
              work_dirs/ruas_lol/iter_2000.pth
Time:     about 8 min on two CPU cores
Expected: the split of the paper is not published and the data is not part of
          this project: no figure of ours for it yet. On 41 pairs of LOL v1:
          docs/results.md
"""

_base_ = ['../_base_/pictures.py', '../_base_/lol.py', '../_base_/ruas.py']

train_dataloader = dict(dataset={{_base_.lol_train}})
val_dataloader = test_dataloader = dict(dataset={{_base_.lol_test}})
