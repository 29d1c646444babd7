"""A host's model is tested with the weights of its own config."""

import pytest
import torch
from torch import nn

from ruas_mm.models.pretrained import CheckpointError, check_checkpoint


class Host(nn.Module):
    def __init__(self):
        super().__init__()
        self.data_preprocessor = nn.Conv2d(3, 3, 1)
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


class Views(nn.Module):
    """As test-time augmentation and DataParallel hold a model."""

    def __init__(self):
        super().__init__()
        self.module = Host()


def write(path, change):
    state = Host().state_dict()
    change(state)
    torch.save(dict(state_dict=state), path)
    return str(path)


def drop(word):
    def change(state):
        for key in [key for key in state if word in key]:
            del state[key]

    return change


def add_teacher(state):
    state['teacher.weight'] = torch.ones(1)


def wrap(state):
    for key in list(state):
        state[f'module.{key}'] = state.pop(key)


@pytest.mark.parametrize('model', [Host, Views])
@pytest.mark.parametrize(
    'change', [drop('preprocessor'), drop('running'), add_teacher, wrap]
)
def test_checkpoint_that_fills_the_model(tmp_path, model, change):
    check_checkpoint(model(), write(tmp_path / 'a.pth', change))


def fewer_filters(state):
    state['layers.0.weight'] = state['layers.0.weight'][:2]


@pytest.mark.parametrize('model', [Host, Views])
@pytest.mark.parametrize(
    'change, message',
    [
        (drop('layers'), r"4 are missing \['layers.0.bias'.*it holds .*Allow"),
        (drop('layers.1.bias'), r'of 4 parameters 1 are missing'),
        (fewer_filters, r'1 have .*0.weight: \(2, 3, 3, 3\) instead of \(4'),
    ],
)
def test_checkpoint_of_another_model_is_refused(
    tmp_path, model, change, message
):
    path = write(tmp_path / 'a.pth', change)
    with pytest.raises(CheckpointError, match=rf'a.pth does not .*{message}'):
        check_checkpoint(model(), path)
