"""RUAS_A on LOL: noise is estimated first and removed where there is some.

Reproduces: Table 5, LOL, column RUAS_A (19.751 dB / .735 / .393).

Command:  python tools/train.py configs/enhancement/ruas_a_lol.py
          python tools/test.py configs/enhancement/ruas_a_lol.py
              work_dirs/ruas_a_lol/iter_2100.pth
Time:     about 20 min on two CPU cores
Expected: as for ruas_lol.py: docs/results.md
"""

_base_ = ['../_base_/pictures.py', '../_base_/lol.py', '../_base_/ruas_a.py']

train_dataloader = dict(dataset={{_base_.lol_train}})
val_dataloader = test_dataloader = dict(dataset={{_base_.lol_test}})
