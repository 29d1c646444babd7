"""The search on MIT-Adobe FiveK in minutes: 400 steps.

Command:  FIVEK_ROOT=/data/FiveK python tools/train.py
              configs/search/ruas_supernet_fivek_mini.py
          python tools/train.py
              work_dirs/ruas_supernet_fivek_mini/ruas_subnet_fivek_mini.py
Time:     as ruas_supernet_lol_mini.py
Expected: not run to its end (the data is not part of this project)
"""

_base_ = ['./ruas_supernet_lol_mini.py', '../_base_/fivek.py']

model = dict(noise_loss=dict(noise=2))  # as in enhancement/ruas_fivek.py
train_dataloader = dict(
    dataset=dict(
        dataset=dict(
            _base_.fivek_train,
            _delete_=True,
            pipeline={{_base_.train_pipeline}},
        )
    )
)
custom_hooks = [
    dict(
        _base_.custom_hooks[0],
        train_config='{{fileDirname}}/../enhancement/ruas_fivek.py',
    )
]
