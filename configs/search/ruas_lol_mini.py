"""The search on LOL in minutes: 400 steps, a larger rate of the alphas.

Command:  export LOL_ROOT=lol_split LOL_VERSION=v1 LOL_SPLIT=official
          (tools/dataset_converters/split_pairs.py)
          python tools/train.py configs/search/ruas_lol_mini.py
          python tools/train.py
              work_dirs/ruas_lol_mini/ruas_lol_mini_subnet.py
Time:     see docs/benchmark.md
Expected: docs/benchmark.md, "Search"
"""

_base_ = './ruas_lol.py'

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
        train_config='{{ fileDirname }}/../ruas_lol.py',
    )
]
train_cfg = dict(_delete_=True, by_epoch=False, max_iters=400)
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=100))
log_processor = dict(by_epoch=False)
