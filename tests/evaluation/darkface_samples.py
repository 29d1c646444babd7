"""Data samples as the hosts' evaluator hands them to DarkFaceMetric."""

import numpy as np
import torch

from ruas_mm.registry import METRICS

FACE = [10, 10, 19, 19]
OTHER = [50, 50, 59, 59]


def tensor(rows, *shape):
    return torch.tensor(rows, dtype=torch.float).reshape(-1, *shape)


def sample(number, faces, detections, labels=0, ignored=()):
    """Detections with their scores; all with one label."""

    def instances(boxes, **more):
        labels_ = torch.full([len(boxes)], labels)
        return dict(bboxes=tensor(boxes, 4), labels=labels_, **more)

    scores = tensor([row[4] for row in detections])
    return dict(
        img_path=f'data/image/{number}.png',
        split_name='x',
        gt_instances=instances(faces),
        ignored_instances=instances(ignored),
        pred_instances=instances([r[:4] for r in detections], scores=scores),
    )


def random_samples(state, number=9):
    """Detections with all digits of float32."""
    samples = []
    for i in range(number):
        corners = state.randint(0, 900, (4, 2))
        faces = np.hstack([corners, corners + state.randint(5, 25, (4, 2))])
        near = faces[state.randint(4, size=12)] + state.normal(0, 2, (12, 4))
        rows = np.hstack([near, state.uniform(size=(12, 1))])
        samples.append(sample(i, faces.tolist(), rows.tolist()))
    return samples


def build(**kwargs):
    metric = METRICS.build(dict(type='ruas_mm.DarkFaceMetric', **kwargs))
    metric.dataset_meta = dict(classes=('face',), dataset_name='DARK FACE')
    return metric
