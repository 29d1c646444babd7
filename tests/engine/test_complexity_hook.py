"""One table with quality, size and time, from MMEngine's own Runner."""

import re
import time

import cv2
import numpy as np
import pytest
import torch
import torch.nn as nn
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.model import BaseDataPreprocessor, BaseModel
from mmengine.registry import MODELS
from mmengine.runner import Runner

from ruas_mm.evaluation.complexity import HUB_KEY
from ruas_mm.registry import HOOKS

TEST = [
    dict(type='ruas_mm.LoadImagePair'),
    dict(type='ruas_mm.PackEnhancementInputs'),
]
TRAIN = [
    TEST[0],
    dict(type='ruas_mm.PairedRandomCrop', size=16),
    dict(type='ruas_mm.PairedRandomFlip'),
    TEST[1],
]


@MODELS.register_module(force=True)
class Brightener(BaseModel):
    """Twice as bright; stands in for an enhancer."""

    seconds = 0.0

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.conv.weight.data = torch.eye(3)[..., None, None] * 2
        self.conv.bias.data.zero_()

    def forward(self, inputs, data_samples=None, mode='tensor'):
        if mode == 'tensor':
            return self.conv(inputs)
        outputs = [self.conv(x.flip(0) / 255) for x in inputs]  # BGR to RGB
        if mode == 'loss':
            return dict(loss=sum(x.mean() for x in outputs))
        time.sleep(self.seconds)
        for sample, output in zip(data_samples, outputs):
            sample.enhanced = output
        return data_samples


@pytest.fixture
def make_runner(tmp_path):
    for index in range(4):
        low = np.random.randint(0, 120, (24, 30, 3), dtype=np.uint8)
        for folder, picture in (('low', low), ('high', low * 2)):
            path = tmp_path / 'eval15' / folder / f'{index}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), picture)

    def make(hooks=(), **kwargs):
        dataset = dict(
            type='ruas_mm.LOLDataset',
            data_root=str(tmp_path),
            subset='test',
            pipeline=TEST,
            test_mode=True,
        )
        loader = dict(
            batch_size=1,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            dataset=dataset,
        )
        evaluator = dict(type='ruas_mm.EnhancementMetric', metric='PSNR')
        cfg = dict(
            model=dict(type='Brightener'),
            test_dataloader=loader,
            test_evaluator=evaluator,
            test_cfg=dict(),
            custom_hooks=list(hooks),
            work_dir=str(tmp_path / 'work'),
            default_scope='ruas_mm',
            experiment_name=f'{tmp_path.name}-{time.time()}',
            **kwargs,
        )
        return Runner.from_cfg(Config(cfg)), loader, evaluator

    return make


def record(monkeypatch):
    messages = []
    info = MMLogger.info
    monkeypatch.setattr(
        MMLogger,
        'info',
        lambda self, message, *args, **kwargs: (
            messages.append(str(message)),
            info(self, message, *args, **kwargs),
        ),
    )
    return messages


def test_one_table_shows_all(make_runner, monkeypatch):
    messages = record(monkeypatch)
    monkeypatch.setattr(Brightener, 'seconds', 0.05)
    hook = dict(type='ruas_mm.ComplexityHook', shape=(10, 20))
    runner, _, _ = make_runner([hook])
    result = runner.test()
    assert result == {'enhancement/PSNR': float('inf')}
    (table,) = (m for m in messages if 'multiply-adds' in m)
    assert 'LOL v1, official/test, 4 pictures' in table
    assert '12 parameters, 0.000 G multiply-adds at 20x10' in table
    assert float(re.search('([0-9.]+) ms a picture', table)[1]) >= 50
    assert 'PSNR' in table and 'inf' in table
    figures = runner.message_hub.get_info(HUB_KEY)
    assert figures['macs'] == 12 * 200
    assert not runner.model._forward_hooks
    assert not runner.model.data_preprocessor._forward_pre_hooks


def test_preprocessor_is_timed(make_runner, monkeypatch):
    def slow(self, data, training=False):
        time.sleep(0.05)
        return self.cast_data(data)

    monkeypatch.setattr(BaseDataPreprocessor, 'forward', slow)
    hook = dict(type='ruas_mm.ComplexityHook', shape=(1, 1))
    runner, _, _ = make_runner([hook])
    runner.test()
    assert runner.message_hub.get_info(HUB_KEY)['milliseconds'] >= 50


def test_first_iterations_are_not_timed(make_runner, monkeypatch):
    def milliseconds(warmup):
        hook = dict(type='ruas_mm.ComplexityHook', shape=(1, 1), warmup=warmup)
        runner, _, _ = make_runner([hook])
        calls = iter([0.3, 0, 0, 0])
        monkeypatch.setattr(
            Brightener, 'seconds', property(lambda _: next(calls))
        )
        runner.test()
        return runner.message_hub.get_info(HUB_KEY)['milliseconds']

    assert milliseconds(0) > 75 > milliseconds(1)
    assert milliseconds(4) is None


def test_while_training(make_runner, monkeypatch):
    messages = record(monkeypatch)
    hook = dict(type='ruas_mm.ComplexityHook', shape=(10, 20))
    _, loader, evaluator = make_runner()
    train = dict(loader, batch_size=2)
    train['dataset'] = dict(
        loader['dataset'], paired=False, pipeline=TRAIN, test_mode=False
    )
    runner, _, _ = make_runner(
        [hook],
        train_dataloader=train,
        train_cfg=dict(by_epoch=True, max_epochs=2, val_interval=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=1e-3)),
        val_dataloader=loader,
        val_evaluator=evaluator,
        val_cfg=dict(),
    )
    runner.train()
    assert sum('12 parameters' in message for message in messages) == 2
    assert runner.message_hub.get_info(HUB_KEY)['milliseconds'] > 0


@pytest.mark.parametrize('kwargs', [
    dict(shape=(0, 3)),
    dict(shape=(3,)),
    dict(warmup=-1),
])  # fmt: skip
def test_bad_argument_is_refused(kwargs):
    with pytest.raises(ValueError, match=f'{next(iter(kwargs))}=.*allowed'):
        HOOKS.build(dict(type='ruas_mm.ComplexityHook', **kwargs))


def test_pictures_are_saved_by_the_runner(make_runner, tmp_path):
    out = tmp_path / 'out'
    hook = dict(type='ruas_mm.SaveEnhancedHook', out_dir=str(out))
    make_runner([hook])[0].test()
    names = [f'{index}.png' for index in range(4)]
    assert sorted(path.name for path in out.iterdir()) == names
    for name in names:  # what was saved is what was measured
        truth = cv2.imread(str(tmp_path / 'eval15' / 'high' / name))
        assert (cv2.imread(str(out / name)) == truth).all()
