"""One part after the other, and what a resumed run does."""

import pytest
import torch
from mmengine.runner import CheckpointLoader, Runner

from ruas_mm.registry import DATASETS, HOOKS

PHASES = dict(scene=2, noise_estimator=1, noise_remover=2)


@DATASETS.register_module()
class FourDarkPictures(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        generator = torch.Generator().manual_seed(index)
        picture = torch.randint(0, 60, (3, 16, 16), generator=generator)
        return dict(inputs=picture.to(torch.uint8))


def make_runner(work_dir, max_iters, **settings):
    return Runner(
        model=dict(type='ruas_mm.LowLightEnhancer', variant='RUAS_A'),
        work_dir=str(work_dir),
        train_dataloader=dict(
            batch_size=2,
            sampler=dict(type='InfiniteSampler', shuffle=False),
            dataset=dict(type='ruas_mm.FourDarkPictures'),
        ),
        train_cfg=dict(by_epoch=False, max_iters=max_iters),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=1e-3)),
        custom_hooks=[dict(type='ruas_mm.PhasedTrainingHook', phases=PHASES)],
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=1)
        ),
        default_scope='mmengine',
        experiment_name=work_dir.name,
        randomness=dict(seed=0),
        **settings,
    )


def changed_parts(folder, before, after):
    def state(number):
        path = str(folder / f'iter_{number}.pth')
        return CheckpointLoader.load_checkpoint(path, 'cpu')['state_dict']

    old, new = state(before), state(after)
    return {k.split('.')[0] for k in old if not torch.equal(old[k], new[k])}


def test_parts_are_trained_in_order(tmp_path):
    make_runner(tmp_path, 5).train()
    assert changed_parts(tmp_path, 1, 2) == {'scene'}
    assert changed_parts(tmp_path, 2, 3) == {'noise_estimator'}
    assert changed_parts(tmp_path, 3, 4) == {'noise_remover'}
    assert changed_parts(tmp_path, 4, 5) == {'noise_remover'}


def test_resumed_run_goes_on_with_its_part(tmp_path):
    make_runner(tmp_path, 3).train()
    make_runner(tmp_path, 4, resume=True).train()
    assert changed_parts(tmp_path, 3, 4) == {'noise_remover'}


def test_run_and_phases_have_one_length(tmp_path):
    with pytest.raises(ValueError, match=r'allowed: train_cfg\.max_iters=5'):
        make_runner(tmp_path / 'longer', 6).train()
    make_runner(tmp_path / 'shorter', 1).train()
    (log,) = (tmp_path / 'shorter').glob('*/*.log')
    assert 'the run ends after 1 iterations, before' in log.read_text()


@pytest.mark.parametrize('phases', [{}, dict(scene=0)])
def test_bad_phases(phases):
    config = dict(type='ruas_mm.PhasedTrainingHook', phases=phases)
    with pytest.raises(ValueError, match='phases'):
        HOOKS.build(config)
