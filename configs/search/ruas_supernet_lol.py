"""Search RUAS on LOL: scene cell and noise removal cell (Fig. 5, Table 4).

Sec. 6.1: 20 epochs, one picture a step. Half of the dark pictures train the
weights, the other half the architecture; no reference is read.

Command:  python tools/train.py configs/search/ruas_supernet_lol.py
          python tools/train.py
              work_dirs/ruas_supernet_lol/ruas_subnet_lol.py
Time:     not run at full scale (about 50 min on two CPU cores, from the mini)
Expected: the paper's network has 18.226 dB / .717 (Table 4, cooperative);
          the mini sibling: docs/results.md, "Search"
"""

_base_ = ['../_base_/pictures.py', '../_base_/lol.py', '../_base_/ruas.py']

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
        dataset=dict(_base_.lol_train, pipeline={{_base_.train_pipeline}}),
    ),
)
custom_hooks = [
    dict(
        type='ruas_mm.CooperativeSearchHook',
        phases=dict(scene=2, task=2),
        train_config='{{fileDirname}}/../enhancement/ruas_lol.py',
    )
]

train_cfg = dict(_delete_=True, by_epoch=True, max_epochs=20)
param_scheduler = []
default_hooks = dict(checkpoint=dict(by_epoch=True, interval=1))
log_processor = dict(by_epoch=True)
find_unused_parameters = True
val_cfg = val_dataloader = val_evaluator = None
test_cfg = test_dataloader = test_evaluator = None  # see train_config
