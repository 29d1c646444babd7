"""Crops without a labelled pixel: nothing to learn, and no NaN."""

import pytest
import torch
from segmentor_worker import SIZE, batch, build

from ruas_mm.registry import METRICS, MODELS

pytest.importorskip('mmseg')


@pytest.mark.parametrize('ignored', [(0, 1), (0,)])
@pytest.mark.parametrize('mean_of_labelled', [True, False])
@pytest.mark.parametrize('sampler', [True, False])
def test_losses_and_gradients_are_finite(
    host, ignored, mean_of_labelled, sampler
):
    host('mmseg')
    model = build().train()
    model.decode_head.loss_decode = MODELS.build(
        dict(type='CrossEntropyLoss', avg_non_ignore=mean_of_labelled)
    )
    if sampler:  # as in the hosts' config of DeepLabv3+
        from mmseg.structures import OHEMPixelSampler

        model.decode_head.sampler = OHEMPixelSampler(
            model.decode_head, thresh=0.7, min_kept=100
        )
    data = batch(0, 2)
    for index in ignored:
        data['data_samples'][index].gt_sem_seg.data.fill_(255)
    losses = model(**model.data_preprocessor(data, True), mode='loss')
    losses['decode.loss_ce'].backward()
    assert all(torch.isfinite(value).all() for value in losses.values())
    largest = {'data_preprocessor': 0, 'decode_head': 0}
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            assert torch.isfinite(parameter.grad).all(), name
            part = name.split('.')[0]
            largest[part] = max(
                largest.get(part, 0), parameter.grad.abs().max().item()
            )
    learns = len(ignored) < 2
    assert all((value > 0) == learns for value in largest.values())


def test_metric_passes_over_a_frame_without_labels():
    metric = METRICS.build(dict(type='ruas_mm.NamedIoUMetric'))
    metric.dataset_meta = dict(classes=('road', 'car'), dataset_name='CamVid')
    truth = torch.zeros(1, *SIZE, dtype=torch.long)
    truth[..., 10:] = 1
    guess = truth.clone()
    guess[..., 8:12] = 0
    whole = dict(gt_sem_seg=dict(data=truth), pred_sem_seg=dict(data=guess))
    nothing = dict(whole, gt_sem_seg=dict(data=torch.full_like(truth, 255)))
    found = []
    for samples in ([whole], [whole, nothing]):
        metric.process({}, [dict(each) for each in samples])
        found.append(metric.evaluate(len(samples)))
    assert found[0] == found[1] and 0 < found[0]['mIoU'] < 100
