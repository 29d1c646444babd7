"""The weights of RUAS_A that the package ships: a wide noise remover.

As ruas_shipped.py; the noise estimator, which is as narrow as a gate needs,
is trained beside the remover.

Command:  as in ruas_s_shipped.py, then
          DAYLIGHT_ROOT=/data/daylight python tools/train.py
              configs/enhancement/ruas_a_shipped.py
          python tools/test.py configs/enhancement/ruas_a_shipped.py
              work_dirs/ruas_a_shipped/iter_4000.pth
          and once more, of which iteration 3,500 of 4,500 ships:
          DAYLIGHT_ROOT=/data/daylight python tools/train.py
              configs/enhancement/ruas_a_shipped.py
              --work-dir work_dirs/ruas_a_second --cfg-options
              load_from=work_dirs/ruas_a_shipped/iter_4000.pth
              optim_wrapper.optimizer.lr=0.001
              model.noise_loss.dissimilarity=0.5 randomness.seed=1
              train_cfg.max_iters=4500 train_cfg.val_interval=4500
              param_scheduler.0.T_max=4500
Time:     about 70 min on one CPU core
Expected: on the other 41 pairs, see ruas_mm/weights/MODEL_CARD.md
"""

_base_ = './ruas_shipped.py'

model = dict(
    variant='RUAS_A',
    trained_part='task',
    noise_estimator=dict(channels=4),
    noise_threshold=(0.012, 0.022),
    noise_remover=dict(_delete_=True, type='ruas_mm.TwoScaleNoiseRemover'),
)
optim_wrapper = dict(optimizer=dict(lr=1.5e-3))
