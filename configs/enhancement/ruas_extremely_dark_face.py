"""RUAS on ExtremelyDarkFace (UG2+ 2020): hardly any light (Fig. 9).

Command:  UNLABELLED_ROOT=/data/ExtremelyDarkFace python tools/train.py
              configs/enhancement/ruas_extremely_dark_face.py
Time:     about 8 min on two CPU cores
Expected: pictures; there is nothing to measure them against. The data is not
          part of this project: not run on it yet
"""

_base_ = './ruas_unlabelled.py'

model = dict(
    scene=dict(illumination_range=(0.01, 1)), noise_loss=dict(noise=12)
)
