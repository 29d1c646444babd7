"""Which part is searched when."""

import pytest

from ruas_mm.search.schedule import SearchSchedule

PHASES = dict(scene=2, task=1)


@pytest.mark.parametrize(
    'strategy, expected',
    [
        ('cooperative', 'sstsstsst'),
        ('independent', 'ssssssttt'),
        ('global', 'eeeeeeeee'),
    ],
)
def test_parts(strategy, expected):
    schedule = SearchSchedule(strategy, PHASES, 9)
    parts = [schedule.part_at(step) for step in range(9)]
    assert ''.join(part[0] for part in parts) == expected


def test_warm_up():
    schedule = SearchSchedule('cooperative', PHASES, 9, warm_up=2)
    assert [schedule.moves_alphas(i) for i in range(4)] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    'strategy, part, expected',
    [
        ('cooperative', 'scene', 0.3),
        ('cooperative', 'task', None),
        ('independent', 'scene', 0),
        ('independent', 'task', None),
        ('global', 'end_to_end', 0.3),
    ],
)
def test_weight_of_the_task(strategy, part, expected):
    schedule = SearchSchedule(strategy, PHASES, 9)
    assert schedule.weight_of_task(part, 0.3) == expected


@pytest.mark.parametrize(
    'arguments, message',
    [
        (('joint', PHASES, 9), "strategy='joint', allowed: .*cooperative"),
        (('global', dict(scene=1), 9), 'phases=.*scene.*task'),
        (('global', dict(scene=1, task=0), 9), 'phases='),
        (('global', PHASES, 9, 9), 'warm_up=9, allowed: 0 to less than the 9'),
        (('global', PHASES, 9, -1), 'warm_up=-1'),
        (('cooperative', PHASES, 2), r"alphas of \['task'\] have never"),
        (('cooperative', PHASES, 9, 8), r"alphas of \['scene'\] have never"),
        (('independent', PHASES, 9, 6), r"alphas of \['scene'\] have never"),
        (('independent', dict(scene=1, task=9), 4), r"\['scene'\] have"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        SearchSchedule(*arguments)
