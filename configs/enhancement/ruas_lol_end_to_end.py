"""RUAS on LOL, all parts at once: the end-to-end strategy of Sec. 3.

Command:  python tools/train.py configs/enhancement/ruas_lol_end_to_end.py
Time:     about 8 min on two CPU cores
Expected: to be compared with ruas_lol.py, the paper's order of training:
          docs/results.md
"""

_base_ = './ruas_lol.py'

param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        T_max={{_base_.train_cfg.max_iters}},
        by_epoch=False,
    )
]
custom_hooks = [dict(type='ruas_mm.ComplexityHook')]
