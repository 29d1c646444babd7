import pytest
import torch
from conftest import run_command

from ruas_mm.apis import released_checkpoints
from ruas_mm.models import SceneModule


def released(layout):
    """A state dict as the authors saved it, with random numbers."""
    return {
        key: torch.rand(shape)
        for key, (_, shape) in released_checkpoints.LAYOUTS[layout].items()
    }


@pytest.mark.parametrize(
    'layout, tensors, scene, noise_remover, noise_estimator',
    [
        ('journal', 98, 1161, 5985, 29507),
        ('cvpr21', 76, 1161, 2277, 0),
        ('cvpr21 noise removal alone', 40, 0, 2277, 0),
    ],
)
def test_every_layout(layout, tensors, scene, noise_remover, noise_estimator):
    state, found = released_checkpoints.convert(released(layout))
    assert (found, len(state)) == (layout, tensors)
    for part, expected in (
        ('scene.', scene),
        ('noise_remover.', noise_remover),
        ('noise_estimator.', noise_estimator),
    ):
        count = sum(v.numel() for k, v in state.items() if k.startswith(part))
        assert count == expected


def test_keys_are_those_of_the_scene_module():
    state, _ = released_checkpoints.convert(released('journal'))
    scene = {k[6:]: v for k, v in state.items() if k.startswith('scene.')}
    assert scene.keys() == SceneModule().state_dict().keys()
    assert 'scene.stages.0.fuse.weight' in state


@pytest.mark.parametrize(
    'folder, file',
    [
        ('ruas_journal', 'lol.pt'),
        ('ruas_journal', 'mit.pt'),
        ('ruas_journal', 'darkface.pt'),
        ('ruas_cvpr21', 'lol.pt'),
        ('ruas_cvpr21', 'upe.pt'),
        ('ruas_cvpr21', 'dark.pt'),
    ],
)
def test_released_files(shared, tmp_path, folder, file):
    target = tmp_path / 'converted.pth'
    released_checkpoints.convert_file(shared('weights', folder, file), target)
    module = SceneModule(
        init_cfg=dict(
            type='Pretrained', checkpoint=str(target), prefix='scene'
        )
    )
    module.init_weights()  # strict
    assert torch.load(target, weights_only=True)['meta']['source'] == file


FACES = {
    'S3FD': 65,
    'PyramidBox': 305,
    'DSFD': 186,
    'VGG-16 of the face detectors': 30,
    'journal face detector': 107,
}


@pytest.mark.parametrize('layout', FACES)
def test_face_detectors_are_told_apart(layout):
    """Also without the counters of batch norm, as torch 0.3 saved them."""
    state = {
        key: torch.tensor(0.0).expand(shape)
        for key, (_, shape) in released_checkpoints.LAYOUTS[layout].items()
    }
    assert len(state) == FACES[layout]
    whole, found = released_checkpoints.convert(state)
    assert found == layout
    old = {k: v for k, v in state.items() if 'num_batches' not in k}
    again, found = released_checkpoints.convert(old)
    assert found == layout and again.keys() == whole.keys()


@pytest.mark.parametrize('wrap', [dict, lambda s: dict(epoch=7, weight=s)])
def test_weights_beside_an_epoch(wrap, tmp_path):
    state = released('cvpr21 noise removal alone')
    torch.save(wrap(state), tmp_path / 'a.pth')
    released_checkpoints.convert_file(tmp_path / 'a.pth', tmp_path / 'b.pth')
    found = torch.load(tmp_path / 'b.pth', weights_only=True)['state_dict']
    stem = state['stem.weight']
    assert torch.equal(found['noise_remover.stem.weight'], stem)


def missing_key(path):
    state = released('cvpr21')
    del state['denoise_net.stem.bias']
    state['denoise_net.stem.scale'] = torch.rand(1)
    torch.save(state, path)


def other_shape(path):
    state = released('cvpr21')
    state['denoise_net.stem.bias'] = torch.rand(9)
    torch.save(state, path)


class Dangerous:
    """Unpickling this would run code."""

    def __reduce__(self):
        return (print, ('executed',))


@pytest.mark.parametrize(
    'write, messages',
    [
        (missing_key, ["missing ['denoise_net.stem.bias']", 'stem.scale']),
        (other_shape, ['denoise_net.stem.bias: (9,) instead of (6,)']),
        (lambda p: p.write_bytes(b''), ['not a checkpoint']),
        (lambda p: p.write_bytes(b'no checkpoint'), ['not a checkpoint']),
        (lambda p: torch.save([1, 2], p), ['holds a list']),
        (lambda p: torch.save({1: torch.ones(1)}, p), ['tensors by name']),
        (lambda p: torch.save(dict(x=Dangerous()), p), ['not a checkpoint']),
        (lambda p: None, ['No such file']),
    ],
)
def test_bad_sources_leave_nothing_behind(tmp_path, write, messages, capsys):
    source, target = tmp_path / 'source.pt', tmp_path / 'out' / 'target.pth'
    write(source)
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        released_checkpoints.convert_file(source, target)
    for message in messages:
        assert message in str(caught.value)
    assert 'executed' not in capsys.readouterr().out
    assert not list(tmp_path.glob('out/*'))


def test_command(tmp_path):
    code, said = run_command('convert', 'gone.pt', tmp_path / 'a.pth')
    assert code == 1 and 'gone.pt: ' in said and 'No such file' in said
    torch.save(released('cvpr21'), tmp_path / 'a.pt')
    code, said = run_command('convert', tmp_path / 'a.pt', tmp_path / 'a.pth')
    assert code == 0 and '(cvpr21)' in said and '76 tensors' in said


def test_target_is_complete_or_untouched(tmp_path, monkeypatch):
    source, target = tmp_path / 'source.pt', tmp_path / 'target.pth'
    torch.save(released('cvpr21'), source)
    target.write_bytes(b'before')

    def full_disk(_, path):
        path.write_bytes(b'half')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(released_checkpoints.torch, 'save', full_disk)
    with pytest.raises(OSError, match='No space'):
        released_checkpoints.convert_file(source, target)
    assert target.read_bytes() == b'before'
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        'source.pt',
        'target.pth',
    ]
