"""The same tools and the same preprocessor with mmseg and mmpretrain."""

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
from tool_process import finish, start

COMMON = """
train_cfg = dict(type='IterBasedTrainLoop', max_iters=2)
val_cfg = val_dataloader = val_evaluator = None
param_scheduler = []
default_hooks = dict(
    logger=dict(type='LoggerHook', interval=1),
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=2))
log_processor = dict(by_epoch=False)
"""

MMSEG = """
_base_ = ['CONFIGS/_base_/models/fast_scnn.py',
          'CONFIGS/_base_/default_runtime.py']
model = dict(
    data_preprocessor=dict(
        _delete_=True, type='ruas_mm.SceneDataPreprocessor',
        scene=dict(type='ruas_mm.SceneModule'),
        data_preprocessor=dict(
            type='SegDataPreProcessor', size=(64, 64), bgr_to_rgb=True,
            mean=[123.675, 116.28, 103.53], std=[58., 57., 57.])),
    decode_head=dict(num_classes=2),
    auxiliary_head=[
        dict(type='FCNHead', in_channels=128, channels=32, num_convs=1,
             num_classes=2, in_index=-2, norm_cfg=dict(type='BN'),
             concat_input=False)])
pipeline = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'),
            dict(type='PackSegInputs')]
train_dataloader = dict(
    batch_size=2, sampler=dict(type='InfiniteSampler'),
    dataset=dict(
        type='BaseSegDataset', data_root='DATA',
        metainfo=dict(classes=('a', 'b'), palette=[[0, 0, 0], [9, 9, 9]]),
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        img_suffix='.png', pipeline=pipeline))
test_dataloader = dict(
    batch_size=1, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=train_dataloader['dataset'])
test_cfg = dict(type='TestLoop')
test_evaluator = dict(type='IoUMetric', iou_metrics=['mIoU'])
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-2))
"""

MMPRETRAIN = """
_base_ = ['CONFIGS/_base_/models/mobilenet_v2_1x.py',
          'CONFIGS/_base_/default_runtime.py']
data_preprocessor = dict(
    num_classes=2, mean=[123.675, 116.28, 103.53], std=[58., 57., 57.],
    to_rgb=True)
model = dict(
    data_preprocessor=dict(
        type='ruas_mm.SceneDataPreprocessor',
        scene=dict(type='ruas_mm.SceneModule'),
        host={{_base_.model.type}},
        data_preprocessor=data_preprocessor),
    head=dict(num_classes=2, topk=(1, )))
pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
train_dataloader = dict(
    batch_size=2, sampler=dict(type='InfiniteSampler'),
    dataset=dict(
        type='CustomDataset', data_root='DATA', data_prefix='folders',
        pipeline=pipeline))
test_dataloader = dict(
    batch_size=1, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=train_dataloader['dataset'])
test_cfg = dict(type='TestLoop')
test_evaluator = dict(type='Accuracy', topk=(1, ))
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1e-2))
"""


def write_data(root):
    for index in range(4):
        picture = np.random.RandomState(index).randint(0, 70, (64, 64, 3))
        label = np.zeros((64, 64), np.uint8)
        label[:, 32:] = 1
        for folder, content in (
            ('images', picture),
            ('labels', label),
            (f'folders/{index % 2}', picture),
        ):
            (root / folder).mkdir(parents=True, exist_ok=True)
            path = root / folder / f'{index}.png'
            cv2.imwrite(str(path), content.astype(np.uint8))


HOSTS = dict(mmseg=(MMSEG, 'mIoU'), mmpretrain=(MMPRETRAIN, 'accuracy'))


@pytest.mark.parametrize('host', HOSTS)
def test_trains_tests_and_draws(host, tmp_path):
    text, figure = HOSTS[host]
    write_data(tmp_path / 'data')
    config = tmp_path / f'{host}.py'
    # 'mmseg::' would be shorter, but the onedl fork does not find itself
    package = Path(importlib.util.find_spec(host).origin).parent
    text = (text + COMMON).replace('DATA', str(tmp_path / 'data'))
    config.write_text(text.replace('CONFIGS', f'{package}/.mim/configs'))
    train = start('tools/train.py', config, '--work-dir', tmp_path)
    output = finish(train)
    assert 'loss:' in output and 'nan' not in output.split('Iter(train)')[-1]
    test = start(
        'tools/test.py', config, tmp_path / 'iter_2.pth', '--work-dir',
        tmp_path, '--show-dir', 'shown',
    )  # fmt: skip
    assert figure in finish(test)
    pictures = list(tmp_path.glob('*/shown/*.png'))
    assert len(pictures) == 4
    assert cv2.imread(str(pictures[0])).shape[1] > 4 * 64
