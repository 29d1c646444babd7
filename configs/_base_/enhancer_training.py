"""Training of a compared enhancer with its own loss, on pictures.

To be put together with ``pictures.py`` and data. What was trained goes to a
file, which is then the enhancer's weights:

    ruas-mm export mine.safetensors --config CONFIG --checkpoint FILE.pth
    ruas-mm enhance photo.jpg --enhancer NAME --weights mine.safetensors
"""

model = dict(type='ruas_mm.EnhancerTraining')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4))
custom_hooks = [dict(type='ruas_mm.ComplexityHook')]
train_cfg = dict(by_epoch=False, max_iters=2000, val_interval=2000)
