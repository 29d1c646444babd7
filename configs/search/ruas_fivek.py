"""Search RUAS on MIT-Adobe FiveK: scene cell and noise removal cell.

Sec. 6.1: 500 dark pictures, 20 epochs, one picture a step. Half of them train
the weights, the other half the architecture; no reference is read.

Command:  FIVEK_ROOT=/data/FiveK python tools/train.py
              configs/search/ruas_fivek.py
          python tools/train.py
              work_dirs/ruas_fivek/ruas_fivek_subnet.py
Time:     not run (the data is not part of this project)
Expected: the paper's network has 21.018 dB / .855 (Table 3, RUAS)
"""

_base_ = ['../_base_/fivek.py', '../_base_/ruas.py']

model = dict(scene=dict(genotype=None), noise_remover=dict(genotype=None))

train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        _delete_=True,
        type='ruas_mm.HalfDataset',
        half='even',
        dataset={{_base_.fivek_train}},
    ),
)
custom_hooks = [
    dict(
        type='ruas_mm.CooperativeSearchHook',
        phases=dict(scene=2, task=2),
        train_config='{{ fileDirname }}/../ruas_fivek.py',
    )
]

train_cfg = dict(_delete_=True, by_epoch=True, max_epochs=20)
param_scheduler = []
default_hooks = dict(checkpoint=dict(by_epoch=True, interval=1))
log_processor = dict(by_epoch=True)
find_unused_parameters = True
val_cfg = None
val_dataloader = None
val_evaluator = None
