"""Search of a segmentor (Sec. 7.2), to be put together with one by a config.

model = dict(host={{_base_.model.type}}, **_base_.supernet)
custom_hooks = [dict(_base_.search, train_config=...)]
"""

supernet = dict(
    type='ruas_mm.SceneConstrained',
    data_preprocessor=dict(scene=dict(genotype=None)),
    decode_head=dict(genotype=None),
)
search = dict(
    type='ruas_mm.CooperativeSearchHook',
    phases=dict(scene=3, task=3),
    optimizer=dict(
        type='Adam', lr=3e-4, betas=(0.5, 0.999), weight_decay=5e-4
    ),
)
find_unused_parameters = True
