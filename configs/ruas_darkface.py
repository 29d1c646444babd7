"""RUAS on DARK FACE as pictures: night streets without references (Fig. 8).

Command:  UNLABELLED_ROOT=/data/DARKFACE/image python tools/train.py
              configs/ruas_darkface.py
          python tools/enhance.py /data/DARKFACE/image --variant RUAS
              --weights ruas_darkface.safetensors
          (after tools/export_weights.py)
Time:     about 8 min on two CPU cores
Expected: pictures; there is nothing to measure them against
"""

_base_ = ['./_base_/unlabelled.py', './_base_/ruas.py']

train_cfg = dict(val_interval=10**9)  # there is no validation part
