"""The search on MIT-Adobe FiveK in minutes: 400 steps.

Command:  FIVEK_ROOT=/data/FiveK python tools/train.py
              configs/search/ruas_fivek_mini.py
          python tools/train.py
              work_dirs/ruas_fivek_mini/ruas_fivek_mini_subnet.py
Time:     as ruas_lol_mini.py
Expected: not run to its end (the data is not part of this project)
"""

_base_ = './ruas_fivek.py'

train_dataloader = dict(
    num_workers=1,
    sampler=dict(_delete_=True, type='InfiniteSampler', shuffle=True),
)
custom_hooks = [
    dict(
        type='ruas_mm.CooperativeSearchHook',
        phases=dict(scene=40, task=40),
        by_epoch=False,
        interval=100,
        optimizer=dict(
            type='Adam', lr=3e-3, betas=(0.5, 0.999), weight_decay=1e-3
        ),
        train_config='{{ fileDirname }}/../ruas_fivek.py',
    )
]
train_cfg = dict(_delete_=True, by_epoch=False, max_iters=400)
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=100))
log_processor = dict(by_epoch=False)
