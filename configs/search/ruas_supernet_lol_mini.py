"""The search on LOL in minutes: LOL v1, 400 steps, a larger rate of alphas.

Command:  export LOL_ROOT=lol_split
          (tools/dataset_converters/split_pairs.py)
          python tools/train.py configs/search/ruas_supernet_lol_mini.py
          python tools/train.py
              work_dirs/ruas_supernet_lol_mini/ruas_subnet_lol_mini.py
Time:     about 4 min on two CPU cores
Expected: docs/results.md, "Search"
"""

_base_ = './ruas_supernet_lol.py'

train_dataloader = dict(
    num_workers=1,
    sampler=dict(_delete_=True, type='InfiniteSampler', shuffle=True),
    dataset=dict(dataset=dict(version='v1', split='official')),
)
custom_hooks = [
    dict(
        _base_.custom_hooks[0],
        phases=dict(scene=40, task=40),
        by_epoch=False,
        interval=100,
        optimizer=dict(
            type='Adam', lr=3e-3, betas=(0.5, 0.999), weight_decay=1e-3
        ),
        train_config='{{fileDirname}}/../enhancement/ruas_lol_v1.py',
    )
]
train_cfg = dict(_delete_=True, by_epoch=False, max_iters=400)
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=100))
log_processor = dict(by_epoch=False)
