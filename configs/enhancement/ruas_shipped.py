"""The weights of RUAS that the package ships: a narrow noise remover.

Daylight photographs are darkened by a camera model; the target is the same
dark picture without noise and cast, with the same light. No picture of LOL is
read in training. The scene module is that of ruas_s_shipped.py.

Command:  as in ruas_s_shipped.py, then
          DAYLIGHT_ROOT=/data/daylight python tools/train.py
              configs/enhancement/ruas_shipped.py
          python tools/test.py configs/enhancement/ruas_shipped.py
              work_dirs/ruas_shipped/iter_4000.pth
Time:     about 30 min on one CPU core
Expected: on the other 41 pairs, see ruas_mm/weights/MODEL_CARD.md, which says
          by which trainings what ships came about
"""

_base_ = ['./ruas_s_shipped.py', '../_base_/daylight.py']

iterations = 4000
model = dict(
    variant='RUAS',
    trained_part='noise_remover',
    scene=dict(
        tone=dict(reflectance=0.5),
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/ruas_s_shipped/iter_600.pth',
            prefix='scene',
        ),
    ),
    noise_remover=dict(
        type='ruas_mm.TwoScaleNoiseRemover',
        channels=6,
        coarse_depth=2,
        fine_depth=1,
        features=3,
        hidden=8,
    ),
    noise_loss=dict(
        _delete_=True, type='ruas_mm.CleanTwinLoss', dissimilarity=1.0
    ),
)
optim_wrapper = dict(optimizer=dict(lr=2e-3), clip_grad=dict(max_norm=1.0))
train_dataloader = dict(
    batch_size=7, num_workers=1, dataset=dict(_delete_=True, **_base_.daylight)
)
train_cfg = dict(max_iters=iterations, val_interval=iterations)
param_scheduler = [
    dict(type='CosineAnnealingLR', T_max=iterations, by_epoch=False)
]
