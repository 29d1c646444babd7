import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ruas_mm.models import SceneModule

TOOL = Path(__file__).parents[2] / 'tools' / 'convert_official.py'


@pytest.fixture
def tool(load_tool):
    return load_tool('convert_official')


def released(tool, layout):
    """A state dict as the authors saved it, with random numbers."""
    return {
        key: torch.rand(shape)
        for key, (_, shape) in tool.LAYOUTS[layout].items()
    }


@pytest.mark.parametrize(
    'layout, tensors, scene, noise_remover, noise_estimator',
    [
        ('journal', 98, 1161, 5985, 29507),
        ('cvpr21', 76, 1161, 2277, 0),
        ('cvpr21 noise removal alone', 40, 0, 2277, 0),
    ],
)
def test_every_layout(
    tool, layout, tensors, scene, noise_remover, noise_estimator
):
    state, found = tool.convert(released(tool, layout))
    assert (found, len(state)) == (layout, tensors)
    for part, expected in (
        ('scene.', scene),
        ('noise_remover.', noise_remover),
        ('noise_estimator.', noise_estimator),
    ):
        count = sum(v.numel() for k, v in state.items() if k.startswith(part))
        assert count == expected


def test_keys_are_those_of_the_scene_module(tool):
    state, _ = tool.convert(released(tool, 'journal'))
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
def test_released_files(tool, shared, tmp_path, folder, file):
    target = tmp_path / 'converted.pth'
    tool.main(shared('weights', folder, file), target)
    module = SceneModule(
        init_cfg=dict(
            type='Pretrained', checkpoint=str(target), prefix='scene'
        )
    )
    module.init_weights()  # strict
    assert torch.load(target, weights_only=True)['meta']['source'] == file


def missing_key(tool, path):
    state = released(tool, 'cvpr21')
    del state['denoise_net.stem.bias']
    state['denoise_net.stem.scale'] = torch.rand(1)
    torch.save(state, path)


def other_shape(tool, path):
    state = released(tool, 'cvpr21')
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
        (lambda _, p: p.write_bytes(b''), ['not a checkpoint']),
        (lambda _, p: p.write_bytes(b'no checkpoint'), ['not a checkpoint']),
        (lambda _, p: torch.save([1, 2], p), ['holds a list']),
        (
            lambda _, p: torch.save(dict(x=Dangerous()), p),
            ['not a checkpoint'],
        ),
        (lambda _, p: None, ['No such file']),
    ],
)
def test_bad_sources_leave_nothing_behind(
    tool, tmp_path, write, messages, capsys
):
    source, target = tmp_path / 'source.pt', tmp_path / 'out' / 'target.pth'
    write(tool, source)
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        tool.main(source, target)
    for message in messages:
        assert message in str(caught.value)
    assert 'executed' not in capsys.readouterr().out
    assert not list(tmp_path.glob('out/*'))


def test_bad_source_is_told_without_a_traceback(tmp_path):
    command = [sys.executable, str(TOOL), 'gone.pt', str(tmp_path / 'a.pth')]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode != 0
    assert result.stderr.startswith('gone.pt: ')
    assert 'No such file' in result.stderr
    assert 'Traceback' not in result.stderr


def test_target_is_complete_or_untouched(tool, tmp_path, monkeypatch):
    source, target = tmp_path / 'source.pt', tmp_path / 'target.pth'
    torch.save(released(tool, 'cvpr21'), source)
    target.write_bytes(b'before')

    def full_disk(_, path):
        path.write_bytes(b'half')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(tool.torch, 'save', full_disk)
    with pytest.raises(OSError, match='No space'):
        tool.main(source, target)
    assert target.read_bytes() == b'before'
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        'source.pt',
        'target.pth',
    ]
