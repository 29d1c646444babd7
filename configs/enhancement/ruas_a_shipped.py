"""The weights of RUAS_A that the package ships: a wide noise remover.

As ruas_shipped.py; the noise estimator, which is as narrow as a gate needs,
is trained beside the remover.

Command:  as in ruas_s_shipped.py, then
          DAYLIGHT_ROOT=/data/daylight python tools/train.py
              configs/enhancement/ruas_a_shipped.py
          python tools/test.py configs/enhancement/ruas_a_shipped.py
              work_dirs/ruas_a_shipped/iter_4000.pth
Time:     about 45 min on one CPU core
Expected: on the other 41 pairs, see ruas_mm/weights/MODEL_CARD.md, which says
          by which trainings what ships came about
"""

_base_ = './ruas_shipped.py'

model = dict(
    variant='RUAS_A',
    trained_part='task',
    noise_estimator=dict(channels=4),
    noise_threshold=(0.009, 0.015),
    noise_remover=dict(_delete_=True, type='ruas_mm.TwoScaleNoiseRemover'),
)
optim_wrapper = dict(optimizer=dict(lr=1.5e-3))
