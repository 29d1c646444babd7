"""Each picture is tested once a seed, by what never saw it."""

from types import SimpleNamespace

import pytest
import torch
from test_measure_detector import TOOLS

pytest.importorskip('mmdet')


@pytest.fixture
def tool(monkeypatch, host):
    host('mmdet')
    monkeypatch.syspath_prepend(str(TOOLS))
    import fine_tune_detector

    return fine_tune_detector


@pytest.fixture
def pictures(tool):
    """Boxes without files."""
    return [
        tool.Picture(f'{i}.png', 60, 60, [('car', i, 5, 30, 20)])
        for i in range(12)
    ]


def test_folds_hold_each_picture_once(tool):
    folds = tool.split(51, 0)
    assert [len(fold) for fold in folds] == [11, 10, 10, 10, 10]
    assert sorted(sum(folds, [])) == list(range(51))
    assert folds == tool.split(51, 0) != tool.split(51, 1)


def test_stopped_run_goes_on_and_is_scored(
    tool, pictures, tmp_path, monkeypatch
):
    calls = []

    def run_fold(row, checkpoint, pictures, tested, iterations, seed):
        """Finds all but what is on picture 3; stops once."""
        calls.append(tested)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return [
            dict(image_id=i, category_id=2, score=0.9, bbox=[i, 5, 30, 20])
            for i in tested
            if i != 3
        ]

    monkeypatch.setattr(tool, 'run_fold', run_fold)
    arguments = (tool.ROWS[2], None, pictures, 9, 1, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        tool.run_seed(*arguments)
    found = tool.run_seed(*arguments)
    folds = tool.split(12, 1)
    assert calls == [*folds[:3], *folds[2:]]
    lacking = next(n for n, fold in enumerate(folds) if 3 in fold)
    for number, (_, ap50) in enumerate(found['folds']):
        assert (ap50 < 1) == (number == lacking)
    assert found['whole'][1] == pytest.approx(11 / 12, abs=0.01)
    assert tool.run_seed(*arguments) == found and len(calls) == 6


@pytest.mark.parametrize(
    'count, checkpoint, rows, message',
    [
        (12, 'a.pth', 'allone', "--rows 'allone', allowed"),
        (4, 'a.pth', 'alone', 'has 4 pictures, allowed: at least 5'),
        (12, 'b.pth', 'alone', r"was made with \{'checkpoint'"),
    ],
)
def test_figures_of_one_run_are_not_those_of_another(
    tool, pictures, tmp_path, monkeypatch, count, checkpoint, rows, message
):
    monkeypatch.setattr(tool, 'check_checkpoint', lambda path: None)
    monkeypatch.setattr(tool, 'run_fold', lambda *arguments: [])

    def run(count, checkpoint, *words):
        monkeypatch.setattr(
            tool, 'exdark_pictures', lambda root: pictures[:count]
        )
        words = [checkpoint, '--exdark', 'x', '--work-dir', tmp_path, *words]
        tool.main(tool.parse_args([str(word) for word in words]))

    run(12, 'a.pth', '--rows', 'alone', '--seeds', '1', '1')
    with pytest.raises(ValueError, match=message):
        run(count, checkpoint, '--rows', rows)


@pytest.mark.parametrize('number', range(7))
def test_config_trains_what_the_row_says(tool, number, tmp_path):
    row = tool.ROWS[number]
    truths = dict(train=tmp_path / 'a', test=tmp_path / 'b')
    cfg = tool.fold_config(row, 'x.pth', truths, tmp_path, 9, seed=4)
    assert cfg.randomness.seed == 4
    assert ('train_cfg' in cfg) == (number > 1)
    front = cfg.model.data_preprocessor
    assert front.get('frozen') == {1: True, 3: True}.get(
        number, False if number > 3 else None
    )
    if number > 3:
        (hook,) = cfg.custom_hooks
        assert list(hook.phases) == [*['scene'] * (number == 6), 'end_to_end']
        assert cfg.train_cfg.max_iters == sum(hook.phases.values())
        assert cfg.model.scene_weight == (number == 5)
        assert cfg.model.host == 'YOLOX'
    if number > 1:
        words = cfg.optim_wrapper.paramwise_cfg.custom_keys
        (multiple,) = (w.lr_mult for w in words.values())
        assert multiple * cfg.optim_wrapper.optimizer.lr == pytest.approx(1e-3)


def test_norms_keep_their_statistics(tool):
    model = torch.nn.Sequential(torch.nn.BatchNorm2d(3), torch.nn.Dropout())
    tool.KeptNorms().before_train_iter(SimpleNamespace(model=model.train()))
    assert not model[0].training and model[1].training


def test_light_and_detector_are_trained(
    tool, exdark_root, shared, tmp_path, monkeypatch
):
    """Boxes come back under the numbers of the pictures that were tested."""
    checkpoint = shared('weights', 'yolox_nano', 'yolox_nano_coco_mmdet.pth')
    pictures = tool.exdark_pictures(exdark_root)
    monkeypatch.setattr(tool, 'BATCH', 1)
    testing_config = tool.testing_config

    def find_anything(*arguments):
        cfg = testing_config(*arguments)
        cfg.model.test_cfg.score_thr = 0
        return cfg

    monkeypatch.setattr(tool, 'testing_config', find_anything)
    models = []
    test = tool.Runner.test
    monkeypatch.setattr(
        tool.Runner, 'test', lambda r: models.append(r.model) or test(r)
    )
    for row in (tool.ROWS[1], tool.ROWS[6]):
        found = tool.run_fold(row, checkpoint, pictures, [1, 3], 3, seed=0)
        assert {box['image_id'] for box in found} == {1, 3}
    before, after = (model.state_dict() for model in models)
    assert before.keys() == after.keys()
    changed = {k for k in before if (before[k] != after[k]).any()}
    assert any(k.startswith('data_preprocessor.scene.') for k in changed)
    assert any(k.startswith('backbone.') for k in changed)
