"""RUAS on MIT-Adobe FiveK, expert C: scene module and noise removal.

Reproduces: Table 5, MIT, column RUAS (20.830 dB / .854 / .141).

Command:  FIVEK_ROOT=/data/FiveK python tools/train.py
              configs/enhancement/ruas_fivek.py
          python tools/test.py configs/enhancement/ruas_fivek.py
              work_dirs/ruas_fivek/iter_2000.pth
Time:     not run (as ruas_lol.py, about 8 min on two CPU cores)
Expected: the data is not part of this project: no figure of ours yet
"""

_base_ = ['../_base_/pictures.py', '../_base_/fivek.py', '../_base_/ruas.py']

model = dict(noise_loss=dict(noise=2))  # the pictures have little
train_dataloader = dict(dataset={{_base_.fivek_train}})
val_dataloader = test_dataloader = dict(dataset={{_base_.fivek_test}})
