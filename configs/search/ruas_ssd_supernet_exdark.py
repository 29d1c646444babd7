"""Search RUAS on ExDark: scene cell, SSD neck and head (Sec. 7.1, Table 10).

30 epochs, one picture a step, weight decay 5e-4. Half of the training images
train the weights, the other half the architecture.

Command:  python tools/train.py configs/search/ruas_ssd_supernet_exdark.py
          python tools/train.py
              work_dirs/ruas_ssd_supernet_exdark/ruas_ssd_subnet_exdark.py
Time:     not run at full scale (no GPU was at hand)
Expected: the paper's network has mAP .536 on its own split; the sibling
          ruas_ssdlite_supernet_exdark_mini.py was run: docs/results.md,
          "Search"
"""

_base_ = ['../ruas_ssd_exdark.py', '../_base_/detector_search.py']

model = dict(_base_.supernet, host={{_base_.model.type}})
train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        _delete_=True,
        type='ruas_mm.HalfDataset',
        half='even',
        dataset={{_base_.train_dataloader.dataset.dataset}},
    ),
)
custom_hooks = [
    dict(_base_.search, train_config='{{fileDirname}}/../ruas_ssd_exdark.py')
]
optim_wrapper = dict(optimizer=dict(lr=3e-4))
param_scheduler = []
train_cfg = dict(_delete_=True, by_epoch=True, max_epochs=30)
default_hooks = dict(checkpoint=dict(save_best=None))
val_cfg = val_dataloader = val_evaluator = None
