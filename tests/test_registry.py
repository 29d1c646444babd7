"""Parts that build on a host are found by whoever names them first."""

import pytest
from tool_process import run_lines

from ruas_mm import registry

NAMED = {  # registry: a part that only exists beside mmdet
    'TASK_UTILS': 'ScaleCompensationAssigner',
    'TRANSFORMS': 'FaceViews',
    'MODELS': 'SearchableSSDHead',
    'DATASETS': 'DarkFaceDataset',
    'METRICS': 'ExDarkMetric',
}


def test_host_parts_are_found_in_a_new_process():
    lazy = {
        name
        for name, value in vars(registry).items()
        if isinstance(value, registry.HostPartsRegistry)
    }
    assert lazy == NAMED.keys()
    lines = ['from ruas_mm import registry'] + [
        f"print('found', registry.{name}.get('ruas_mm.{part}').__name__)"
        for name, part in NAMED.items()
    ]
    said = run_lines('\n'.join(lines))
    lines = map(str.split, said.splitlines())  # hosts talk, too
    parts = [line[1] for line in lines if line[:1] == ['found']]
    assert parts == [*NAMED.values()], said


def test_modules_of_a_host_are_several():
    with pytest.raises(AssertionError):
        registry.HostPartsRegistry('x', dict(mmdet='ruas_mm.models'))
