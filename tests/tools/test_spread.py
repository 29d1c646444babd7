"""Means and spreads as tables print them."""

import math

import pytest


@pytest.mark.parametrize(
    'values, text',
    [
        ([0.5], '0.500'),
        ([1, 2, 3], '2.000 ± 1.000'),
        ([math.nan, 1.0], 'nan ± nan'),  # no box in one fold
    ],
)
def test_spread(load_tool, values, text):
    assert load_tool('spread').mean_and_spread(values) == text
