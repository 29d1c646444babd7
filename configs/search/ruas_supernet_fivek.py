"""Search RUAS on MIT-Adobe FiveK: scene cell and noise removal cell.

Sec. 6.1: 500 dark pictures, 20 epochs, one picture a step. Half of them train
the weights, the other half the architecture; no reference is read.

Command:  FIVEK_ROOT=/data/FiveK python tools/train.py
              configs/search/ruas_supernet_fivek.py
          python tools/train.py
              work_dirs/ruas_supernet_fivek/ruas_subnet_fivek.py
Time:     not run (the data is not part of this project)
Expected: the paper's network has 21.018 dB / .855 (Table 3, RUAS)
"""

_base_ = ['./ruas_supernet_lol.py', '../_base_/fivek.py']

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
