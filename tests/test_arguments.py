"""Each check takes what is allowed and names what is not."""

import math

import numpy as np
import pytest

from ruas_mm import arguments


@pytest.mark.parametrize(
    'check, limits, good, bad, message',
    [
        ('choice', [('a', 'b')], ['a', 'b'], ['c'], r"('a', 'b')"),
        ('names', [('a', 'b')], ['a', ['b', 'a']], ['c', [], ['a', 'c']], 'a'),
        (
            'interval',
            [0, 1],
            [0, 0.5, 1],
            [-0.1, 1.1, math.nan, '1', None],
            '0 to 1',
        ),
        (
            'at_least',
            [1],
            [1, 2.5],
            [0, math.inf, math.nan, 'a'],
            'at least 1',
        ),
        (
            'whole_number',
            [2],
            [2, np.int64(9)],
            [1, 2.5, '2'],
            'a whole number >= 2',
        ),
    ],
)
def test_checks(check, limits, good, bad, message):
    check = getattr(arguments, f'check_{check}')
    for value in good:
        check('x', value, *limits)
    for value in bad:
        with pytest.raises(ValueError) as caught:
            check('x', value, *limits)
        assert str(caught.value).startswith(f'x={value!r}, allowed: ')
        assert message in str(caught.value)


@pytest.mark.parametrize(
    'check, good, bad',
    [('strength', [None, 0, 1], [-1, 2]), ('tile', [None, 32], [31, 40.0])],
)
def test_checks_of_inference(check, good, bad):
    check_it = getattr(arguments, f'check_{check}')
    for value in good:
        check_it(value)
    for value in bad:
        with pytest.raises(ValueError, match=f'{check}={value}, allowed: '):
            check_it(value)


def test_names_are_returned():
    assert arguments.check_names('x', 'a', ('a', 'b')) == ('a',)
    assert arguments.check_names('x', ['b', 'a'], ('a', 'b')) == ('b', 'a')
