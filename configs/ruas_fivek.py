"""RUAS on MIT-Adobe FiveK, expert C: scene module and noise removal.

Reproduces: Table 5, MIT, column RUAS (20.830 dB / .854 / .141).

Command:  FIVEK_ROOT=/data/FiveK python tools/train.py configs/ruas_fivek.py
          python tools/test.py configs/ruas_fivek.py
              work_dirs/ruas_fivek/iter_2000.pth
Time:     not run (as ruas_lol.py, about 8 min on two CPU cores)
Expected: the data is not part of this project: no figure of ours yet
"""

_base_ = ['./_base_/fivek.py', './_base_/ruas.py']

model = dict(noise_loss=dict(noise=2))
