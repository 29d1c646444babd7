"""One of two processes: gradients of a segmentor on half a batch."""

import sys

import torch
from mmengine.dist import get_rank
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData

SIZE = (32, 48)


def build():
    from mmseg.models import EncoderDecoder  # noqa: F401 registers

    from ruas_mm.registry import MODELS

    torch.manual_seed(5)
    groups = dict(type='GN', num_groups=2)  # of one picture, not of a batch
    model = dict(
        type='EncoderDecoder',
        data_preprocessor=dict(
            type='ruas_mm.SceneDataPreprocessor',
            scene=dict(type='ruas_mm.SceneModule'),
            data_preprocessor=dict(
                type='SegDataPreProcessor',
                size=SIZE,
                mean=[127.0] * 3,
                std=[128.0] * 3,
            ),
        ),
        backbone=dict(
            type='ResNet', depth=18, base_channels=4, out_indices=(0, 2),
            num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1),
            norm_cfg=groups,
        ),
        decode_head=dict(
            type='ruas_mm.SearchableASPPHead',
            genotype=['1-C', '3-C', '3-6-DC', '3-18-DC'],
            in_channels=16,
            in_index=1,
            channels=8,
            c1_in_channels=4,
            c1_channels=4,
            num_classes=3,
            norm_cfg=groups,
            dropout_ratio=0,
            align_corners=False,
        ),
    )  # fmt: skip
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(model)
        model.init_weights()
    return model


def batch(start=0, end=4):
    """Dark pictures, each labelled."""
    from mmseg.structures import SegDataSample

    state = torch.Generator().manual_seed(3)
    pictures = torch.randint(0, 70, (4, 3, *SIZE), generator=state)
    labels = torch.randint(0, 3, (4, 1, *SIZE), generator=state)
    samples = [
        SegDataSample(
            gt_sem_seg=PixelData(data=each),
            metainfo=dict(img_path='', img_shape=SIZE),
        )
        for each in labels
    ]
    return dict(
        inputs=list(pictures.byte())[start:end],
        data_samples=samples[start:end],
    )


def synchronised_norm():
    """What torch says to batch norm over processes on a CPU, or ''."""
    try:
        torch.nn.SyncBatchNorm(2)(torch.rand(2, 2, 4, 4))
    except ValueError as error:
        return str(error)
    return ''


class KeepGradients(OptimWrapper):
    """Stop before the step: the averaged gradients are wanted."""

    def update_params(self, loss, **kwargs):
        loss.backward()


if __name__ == '__main__':
    torch.distributed.init_process_group('gloo')
    model = MMDistributedDataParallel(build(), broadcast_buffers=False)
    first = 2 * get_rank()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train_step(batch(first, first + 2), KeepGradients(optimizer))
    found = {n: p.grad for n, p in model.module.named_parameters()}
    torch.save((found, synchronised_norm()), sys.argv[1])
