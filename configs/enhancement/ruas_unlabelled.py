"""RUAS on any folder of pictures without references.

DARK FACE as pictures, night streets (Fig. 8), is one; so are your own.

Command:  UNLABELLED_ROOT=/data/DARKFACE/image python tools/train.py
              configs/enhancement/ruas_unlabelled.py
              --work-dir work_dirs/ruas_darkface
          ruas-mm export ruas_darkface.safetensors
              --config configs/enhancement/ruas_unlabelled.py
              --checkpoint work_dirs/ruas_darkface/iter_2000.pth
          ruas-mm enhance /data/DARKFACE/image --enhancer ruas
              --weights ruas_darkface.safetensors
Time:     about 8 min on two CPU cores
Expected: pictures; there is nothing to measure them against
"""

_base_ = [
    '../_base_/pictures.py',
    '../_base_/unlabelled.py',
    '../_base_/ruas.py',
]

train_dataloader = dict(dataset={{_base_.unlabelled}})
test_dataloader = dict(dataset={{_base_.unlabelled}})
test_evaluator = []
val_cfg = val_dataloader = val_evaluator = None
