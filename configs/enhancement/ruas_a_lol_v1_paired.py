"""RUAS_A on LOL v1, noise removal trained **with references**.

Not the paper's setting, and never in one table with the others: it shows what
the pairs are worth. Scene module as shipped.

Command:  LOL_ROOT=lol_split python tools/train.py
              configs/enhancement/ruas_a_lol_v1_paired.py
          python tools/test.py configs/enhancement/ruas_a_lol_v1_paired.py
              work_dirs/ruas_a_lol_v1_paired/iter_2000.pth
          (lol_split: tools/dataset_converters/split_pairs.py, or LOL itself)
Time:     about 15 min on one CPU core
Expected: none yet: it was not measured with the parts of today
"""

_base_ = ['./ruas_a_shipped.py']

iterations = 2000
model = dict(noise_loss=dict(type='ruas_mm.PairedLoss'))
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ruas_mm.LOLDataset',
        data_root='{{$LOL_ROOT:data/LOL}}',
        version='v1',
        split='official',
        subset='train',
        paired=True,
        pipeline={{_base_.train_pipeline}},
    )
)
train_cfg = dict(max_iters=iterations, val_interval=iterations)
param_scheduler = [
    dict(type='CosineAnnealingLR', T_max=iterations, by_epoch=False)
]
