"""RUAS on DARK FACE, hierarchical training (Table 6): l_s, then l_t.

The scene module is the packaged one, which l_s alone has trained on other
pictures without labels: 1,161 parameters, another genotype than the released
detector's, and the form in which l_s cannot put the light out
(docs/results.md).

Command:  python tools/train.py
              configs/detection/ruas_s3fd_hierarchical_darkface.py
Time:     not measured (the labels were not at hand: run on made-up ones only)
Expected: no figure of ours. The paper has .693 (Tables 6 and 9) on its own
          draw
"""

_base_ = './ruas_s3fd_darkface.py'

model = dict(
    data_preprocessor=dict(
        _delete_=True,
        type='ruas_mm.SceneDataPreprocessor',
        scene='ruas_s',
        frozen=False,
        data_preprocessor={{_base_.model.data_preprocessor.data_preprocessor}},
    )
)
