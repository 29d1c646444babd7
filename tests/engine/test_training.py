"""The stock loop around the scene module: accumulate, mixed precision."""

import copy

import numpy as np
import torch
from mmengine.runner import Runner
from test_scene_data_preprocessor import make, toy
from torch.utils.data import Dataset

from ruas_mm.registry import OPTIM_WRAPPERS


class DarkPictures(Dataset):
    def __init__(self, count):
        generator = np.random.RandomState(1)
        self.pictures = [
            torch.from_numpy(
                generator.randint(0, 70, (3, 12, 12)).astype('uint8')
            )
            for _ in range(count)
        ]

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
        return dict(inputs=self.pictures[index])


def train(tmp_path, batch_size, max_iters, **optim_wrapper):
    torch.manual_seed(3)
    model = toy()
    runner = Runner(
        model=model,
        work_dir=str(tmp_path / f'{batch_size}'),
        train_dataloader=dict(
            batch_size=batch_size,
            dataset=DarkPictures(8),
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='pseudo_collate'),
        ),
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=max_iters),
        optim_wrapper=dict(
            optimizer=dict(type='SGD', lr=0.05), **optim_wrapper
        ),
        default_hooks=dict(logger=None, checkpoint=None),
        experiment_name=f'{tmp_path.name}-{batch_size}',
        default_scope='mmengine',
        log_level='WARNING',
    )
    runner.train()
    return model.state_dict()


def test_accumulated_gradients_equal_the_joined_batch(tmp_path):
    joined = train(tmp_path, batch_size=4, max_iters=2)
    accumulated = train(
        tmp_path, batch_size=2, max_iters=4, accumulative_counts=2
    )
    torch.manual_seed(3)
    start = toy().state_dict()
    moved = 0
    for key, value in joined.items():
        torch.testing.assert_close(accumulated[key], value, atol=1e-6, rtol=0)
        moved += 'scene' in key and not torch.equal(start[key], value)
    assert moved > 20


def test_mixed_precision_trains_the_scene_in_float32():
    model = toy().train()
    precise = copy.deepcopy(model)
    data = dict(inputs=DarkPictures(4).pictures)
    start = model.data_preprocessor.scene.stages[0].fuse.weight.clone()
    steps = {}
    for name, kind, this in (
        ('mixed', 'ruas_mm.Bf16OptimWrapper', model),
        ('full', 'OptimWrapper', precise),
    ):
        wrapper = OPTIM_WRAPPERS.build(
            dict(
                type=kind, optimizer=torch.optim.SGD(this.parameters(), lr=1.0)
            )
        )
        seen = []
        this.head.register_forward_hook(
            lambda module, args, out, seen=seen: seen.append(out.dtype)
        )
        log = this.train_step(data, wrapper)
        assert torch.isfinite(log['loss'])
        weight = this.data_preprocessor.scene.stages[0].fuse.weight
        steps[name] = (seen[0], weight.detach() - start.detach())
    assert steps['mixed'][0] == torch.bfloat16
    assert steps['full'][0] == torch.float32
    (_, mixed), (_, full) = steps['mixed'], steps['full']
    assert mixed.dtype == torch.float32 and full.abs().max() > 1e-3
    assert (mixed - full).norm() < 0.05 * full.norm()


def test_recomputation_under_mixed_precision():
    preprocessor = make(
        dict(type='mmengine.ImgDataPreprocessor'), scene=dict(with_cp=True)
    )
    with torch.autocast('cpu', dtype=torch.bfloat16):
        out = preprocessor(dict(inputs=DarkPictures(2).pictures))['inputs']
    out.mean().backward()
    weight = preprocessor.scene.stages[0].fuse.weight
    assert torch.isfinite(weight.grad).all() and weight.grad.abs().max() > 0
