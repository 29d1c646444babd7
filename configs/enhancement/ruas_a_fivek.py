"""RUAS_A on MIT-Adobe FiveK, expert C: pictures with little noise.

Reproduces: Table 5, MIT, column RUAS_A (21.018 dB / .855 / .139).

Command:  FIVEK_ROOT=/data/FiveK python tools/train.py
              configs/enhancement/ruas_a_fivek.py
          python tools/test.py configs/enhancement/ruas_a_fivek.py
              work_dirs/ruas_a_fivek/iter_2100.pth
Time:     not run (as ruas_a_lol.py, about 20 min on two CPU cores)
Expected: the data is not part of this project: no figure of ours yet
"""

_base_ = ['../_base_/pictures.py', '../_base_/fivek.py', '../_base_/ruas_a.py']

model = dict(noise_loss=dict(noise=2))
train_dataloader = dict(dataset={{_base_.fivek_train}})
val_dataloader = test_dataloader = dict(dataset={{_base_.fivek_test}})
