"""EnhancementMetric against figures worked out by other means."""

import math
import socket

import cv2
import numpy as np
import pytest
import torch
import torchvision
from mmengine.logging import MessageHub, MMLogger

from ruas_mm.evaluation import lpips_alexnet
from ruas_mm.evaluation.complexity import HUB_KEY
from ruas_mm.evaluation.enhancement_metric import scale_to_mean
from ruas_mm.evaluation.lpips_alexnet import WEIGHTS
from ruas_mm.registry import METRICS

FIDELITY = ('PSNR', 'SSIM')


def build(metric=FIDELITY, **kwargs):
    return METRICS.build(
        dict(type='ruas_mm.EnhancementMetric', metric=metric, **kwargs)
    )


def evaluate(metric, *pairs, **meta):
    """Pairs of RGB uint8 tensors (3, H, W)."""
    samples = [
        dict(
            img_path=f'folder/{i}.png',
            enhanced=output if output.is_floating_point() else output / 255,
            gt=truth,
            **meta,
        )
        for i, (output, truth) in enumerate(pairs)
    ]
    metric.process({}, samples)
    return metric.evaluate(len(samples))


def picture(height=40, width=50, low=0, high=256):
    return torch.randint(low, high, (3, height, width), dtype=torch.uint8)


def read(path):
    return torch.from_numpy(cv2.imread(str(path))[..., ::-1].copy()).permute(
        2, 0, 1
    )


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    def connect(*args):
        raise AssertionError('went to the network')

    monkeypatch.setattr(socket.socket, 'connect', connect)


@pytest.fixture
def log(monkeypatch):
    messages = []
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'info', messages.append)
    return messages


@pytest.fixture
def warned(monkeypatch):
    """Messages of print_log in the modules of the metric."""
    messages = []

    def keep(message, *args, **kwargs):
        messages.append(message)

    for name in ('enhancement_metric', 'lpips_alexnet'):
        monkeypatch.setattr(f'ruas_mm.evaluation.{name}.print_log', keep)
    return messages


@pytest.fixture(scope='module')
def alexnet(tmp_path_factory):
    """A file like torchvision's, with random weights, and its layers."""
    features = torchvision.models.alexnet(weights=None).features
    path = tmp_path_factory.mktemp('weights') / 'mine.pth'
    torch.save(
        {f'features.{k}': v for k, v in features.state_dict().items()}, path
    )
    return path, features


@pytest.mark.parametrize(
    'name, psnr, ssim',
    [
        ('00001', 15.743, 0.6185),
        ('00091', 17.598, 0.6553),
        ('00271', 14.489, 0.6698),
    ],
)
def test_figures_of_the_authors_output(name, psnr, ssim, shared):
    output = read(shared('lol', 'official_output', f'{name}.png'))
    (truth,) = (
        path
        for path in shared('lol', 'pairs', 'high').iterdir()
        if int(path.stem) == int(name)
    )
    result = evaluate(build(), (output, read(truth)))
    assert result['enhancement/PSNR'] == pytest.approx(psnr, abs=0.01)
    assert result['enhancement/SSIM'] == pytest.approx(ssim, abs=0.001)


def test_psnr_by_hand_and_means():
    truth = picture(high=200)
    result = evaluate(build(), (truth + 10, truth), (truth + 20, truth))
    expected = [20 * math.log10(255 / error) for error in (10, 20)]
    assert result['enhancement/PSNR'] == pytest.approx(sum(expected) / 2)


def test_output_is_rounded_and_clipped_as_when_saved():
    truth = picture()
    almost = truth / 255 + (torch.rand(truth.shape) - 0.5) * 0.9 / 255
    almost[truth == 255] += 3
    result = evaluate(build(), (almost, truth))
    assert result['enhancement/PSNR'] == math.inf  # equal pictures
    assert result['enhancement/SSIM'] == pytest.approx(1)


def test_tiny_picture_is_left_out_of_the_mean(warned):
    pairs = [(picture(6, 50), picture(6, 50)), (picture(), picture())]
    both = evaluate(build(), *pairs)
    assert any('50x6 has no SSIM' in message for message in warned)
    large = evaluate(build(), pairs[1])
    assert both['enhancement/SSIM'] == large['enhancement/SSIM']
    assert both['enhancement/PSNR'] != large['enhancement/PSNR']
    alone = evaluate(build(), pairs[0])
    assert math.isnan(alone['enhancement/SSIM'])


def test_ground_truth_mean_is_reported_besides(log):
    truth = picture(low=40, high=120)
    result = evaluate(build(gt_mean=True), (truth * 2, truth))
    plain = evaluate(build(), (truth * 2, truth))
    assert result['enhancement/PSNR'] == plain['enhancement/PSNR'] < 15
    assert result['enhancement/PSNR_gt_mean'] > 50
    assert result['enhancement/SSIM_gt_mean'] > 0.999
    assert set(plain) == {'enhancement/PSNR', 'enhancement/SSIM'}
    assert 'PSNR_gt_mean' in log[0] and 'PSNR_gt_mean' not in log[1]


def test_black_picture_cannot_be_scaled():
    black, grey = np.zeros((4, 5, 3)), np.full((4, 5, 3), 90, np.uint8)
    assert (scale_to_mean(black, grey) == 0).all()
    scaled = scale_to_mean(black + 0.1, grey)
    assert scaled == pytest.approx(90 / 255, abs=1e-5)


def test_lpips_equals_the_package_by_hand(alexnet):
    import lpips

    path, features = alexnet
    result = evaluate(
        build(('LPIPS',), lpips_weights=str(path)),
        (output := picture(), truth := picture()),
    )
    official = lpips.LPIPS(net='alex', pnet_rand=True, verbose=False)
    for name in ('slice1', 'slice2', 'slice3', 'slice4', 'slice5'):
        for index, layer in getattr(official.net, name).named_children():
            layer.load_state_dict(features[int(index)].state_dict())
    with torch.no_grad():
        expected = official(
            *(p[None] / 255 * 2 - 1 for p in (output, truth))
        ).item()
    assert result['enhancement/LPIPS'] == pytest.approx(expected, rel=1e-4)
    assert expected > 0


def test_lpips_is_found_in_the_hub_folder(alexnet, monkeypatch, tmp_path):
    hub = tmp_path / 'hub'
    (hub / 'checkpoints').mkdir(parents=True)
    (hub / 'checkpoints' / WEIGHTS).write_bytes(alexnet[0].read_bytes())
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(hub))
    result = evaluate(build(('LPIPS',)), (picture(), picture()))
    assert result['enhancement/LPIPS'] > 0


def test_lpips_is_left_out_without_weights(warned, monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path))
    metric = build(('PSNR', 'LPIPS'), lpips_weights='mine/alexnet.pth')
    for _ in range(2):
        result = evaluate(metric, (picture(), picture()))
        assert set(result) == {'enhancement/PSNR'}
    (message,) = warned
    for part in (WEIGHTS, 'torchvision', 'mine/alexnet.pth', str(tmp_path)):
        assert part in message


def test_lpips_is_left_out_without_the_package(warned, monkeypatch):
    monkeypatch.setattr(
        lpips_alexnet, 'is_installed', lambda name: name != 'lpips'
    )
    result = evaluate(build(('PSNR', 'LPIPS')), (picture(), picture()))
    assert set(result) == {'enhancement/PSNR'}
    assert 'pip install lpips' in warned[0]


class Malicious:
    def __reduce__(self):
        return (print, ('code of a weight file was run',))


@pytest.mark.parametrize(
    'content', [b'<html>404</html>', b'', dict(x=1), Malicious()]
)
def test_bad_lpips_file_is_refused(content, tmp_path, capsys):
    path = tmp_path / 'bad.pth'
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(ValueError, match=f'lpips_weights=.*{WEIGHTS}'):
        build(('LPIPS',), lpips_weights=str(path))
    assert 'was run' not in capsys.readouterr().out


def test_tiny_picture_has_no_lpips(alexnet, warned):
    metric = build(('LPIPS',), lpips_weights=str(alexnet[0]))
    result = evaluate(metric, (picture(30, 40), picture(30, 40)))
    assert math.isnan(result['enhancement/LPIPS'])
    smallest = evaluate(metric, (picture(31, 31), picture(31, 31)))
    assert smallest['enhancement/LPIPS'] > 0


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(gt=None), 'x.png has no reference.*paired=True'),
        (dict(gt=picture(9, 9)), r'x.png.*\(3, 40, 50\).*\(3, 9, 9\)'),
        (dict(enhanced=torch.full((3, 40, 50), math.nan)), 'x.png.*finite'),
    ],
)
def test_bad_sample_is_refused(change, message):
    sample = dict(img_path='x.png', enhanced=picture() / 255, gt=picture())
    sample = {k: v for k, v in {**sample, **change}.items() if v is not None}
    with pytest.raises(ValueError, match=message):
        build().process({}, [sample])


@pytest.mark.parametrize('metric', [('PSNR', 'NIQE'), (), 'NIQE'])
def test_unknown_metric_is_refused(metric):
    with pytest.raises(ValueError, match='metric=.*allowed'):
        build(metric)


@pytest.mark.parametrize('per_image', [False, True])
def test_table(per_image, log, monkeypatch):
    monkeypatch.setattr(
        MessageHub.get_current_instance(),
        '_runtime_info',
        {
            HUB_KEY: dict(
                parameters=1161,
                macs=278_640_000,
                shape=(400, 600),
                milliseconds=12.34,
            )
        },
    )
    truth = picture(high=200)
    evaluate(
        build(per_image=per_image),
        (truth + 10, truth),
        (truth + 20, truth),
        split_name='LOL v1, official/test',
    )
    title, size, header, *rows = log[-1].strip().splitlines()
    assert title == 'LOL v1, official/test, 2 pictures'
    assert size == (
        '1,161 parameters, 0.279 G multiply-adds at 600x400, 12.3 ms a picture'
    )
    assert header.split() == ['picture', *FIDELITY]
    names = ['0.png', '1.png', 'mean'] if per_image else ['mean']
    assert [row.split()[0] for row in rows] == names
    if per_image:
        assert rows[0].split()[1] == '28.131'
    assert len({len(row) for row in (header, *rows)}) == 1  # aligned


def test_table_without_measured_complexity(log, warned):
    evaluate(build(('PSNR', 'LPIPS')), (picture(), picture()))
    title, header, mean = log[-1].strip().splitlines()
    assert title == '1 pictures'
    assert header.split() == ['picture', 'PSNR', 'LPIPS']
    assert mean.split()[0] == 'mean' and mean.split()[2] == '-'


def test_only_numbers_are_kept():
    metric = build()
    metric.process(
        {}, [dict(img_path='x', enhanced=picture() / 255, gt=picture())]
    )
    assert {type(value) for value in metric.results[0].values()} == {
        str,
        float,
    }
    assert not any(isinstance(v, np.ndarray) for v in metric.results)
