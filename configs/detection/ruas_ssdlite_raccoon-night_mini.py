"""RUAS on raccoons at night in minutes: a scene module before the light SSD.

Command:  as in ssdlite_raccoon-night_mini.py, which this is based on, and
          python tools/train.py
              configs/detection/ruas_ssdlite_raccoon-night_mini.py
Time:     see docs/results.md
Expected: docs/results.md, "Raccoons at night"; with the genotypes that
          configs/search/ruas_ssdlite_supernet_raccoon-night_mini.py finds,
          the row RUAS of Table 8 in small
"""

_base_ = [
    './ssdlite_raccoon-night_mini.py',
    '../_base_/genotypes/released_face_detection.json',
]

model = dict(
    type='ruas_mm.SceneConstrained',
    host={{_base_.model.type}},
    scene_weight=0,  # Table 6: end to end by l_t alone
    data_preprocessor=dict(
        _delete_=True,
        type='ruas_mm.SceneDataPreprocessor',
        scene=dict(
            type='ruas_mm.SceneModule', genotype={{_base_.genotype.scene}}
        ),
        data_preprocessor={{_base_.model.data_preprocessor}},
    ),
    neck=dict(genotype={{_base_.genotype.neck}}),
    bbox_head=dict(genotype={{_base_.genotype.head}}),
)

optim_wrapper = dict(
    # the scene module learns at the rate of the head
    paramwise_cfg=dict(
        custom_keys={'data_preprocessor.scene': dict(lr_mult=1)}
    )
)
custom_hooks = [
    dict(
        type='ruas_mm.PhasedTrainingHook',
        # hierarchical: scene=450 before it, in the form of _base_/ruas.py
        phases=dict(end_to_end=450),
    )
]
default_hooks = dict(
    visualization=dict(_delete_=True, type='ruas_mm.SceneVisualizationHook')
)
