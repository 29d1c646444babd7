"""Any structure of pictures is taken apart and put together again."""

from types import SimpleNamespace

import pytest
import torch

from ruas_mm.models.data_preprocessors.pictures import (
    flatten_pictures,
    flatten_samples,
    iterate_samples,
    unflatten_pictures,
)


def pictures(*shape):
    return torch.rand(*shape, 3, 4, 5)


def frames(number):
    return SimpleNamespace(video_data_samples=[f'{i}' for i in range(number)])


BRANCHES = dict(sup=[pictures(), None], unsup=[None, pictures()])
CASES = {
    # structure, data samples, the sample of each picture
    'list': ([pictures(), pictures()], ['a', 'b'], 'ab'),
    'tuple': ((pictures(), pictures()), ['a', 'b'], 'ab'),
    'batch': (pictures(2), ['a', 'b'], 'ab'),
    'views': ([pictures(3), pictures(3)], ['a', 'b', 'c'], 'abcabc'),
    'as many views': ([pictures(2), pictures(2)], ['a', 'b'], 'abab'),
    'videos': ([pictures(2), pictures(2)], [frames(2), frames(2)], '0101'),
    'several in one': ([pictures(4)], ['a'], 'aaaa'),
    'branches': (BRANCHES, dict(sup=['a', None], unsup=[None, 'b']), 'ab'),
}


@pytest.mark.parametrize('case', CASES)
def test_structure_is_kept(case):
    inputs, samples, expected = CASES[case]
    flat = flatten_pictures(inputs)
    assert all(picture.shape == (3, 4, 5) for picture in flat)
    rebuilt = unflatten_pictures(inputs, iter(flat))
    assert type(rebuilt) is type(inputs)
    torch.testing.assert_close(rebuilt, inputs) if case != 'branches' else None
    again = flatten_pictures(rebuilt)
    assert all(torch.equal(a, b) for a, b in zip(again, flat))
    assert ''.join(flatten_samples(inputs, samples)) == expected


def test_positions_without_a_picture_stay():
    flat = flatten_pictures(BRANCHES)
    rebuilt = unflatten_pictures(BRANCHES, iter(flat))
    assert [p is None for p in rebuilt['sup']] == [False, True]
    samples = dict(sup=['a', None], unsup=[None, [frames(2)]])
    assert list(iterate_samples(samples)) == ['a', '0', '1']


def test_channels_before_time():
    video = torch.rand(2, 3, 7, 4, 5)  # (N, C, T, H, W)
    flat = flatten_pictures([video], channel_dim=-4)
    assert len(flat) == 14
    assert torch.equal(flat[8], video[1, :, 1])
    (rebuilt,) = unflatten_pictures([video], iter(flat), channel_dim=-4)
    assert torch.equal(rebuilt, video)


@pytest.mark.parametrize('shape', [(1, 4, 5), (6, 4, 5), (4, 5), (2, 1, 4, 5)])
def test_pictures_that_are_not_in_colour(shape):
    with pytest.raises(ValueError, match=r'inputs has .*shape.*color_type'):
        flatten_pictures([torch.rand(shape)])
