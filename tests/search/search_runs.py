"""A tiny search by the stock loops, for tests and their worker processes."""

import copy
from pathlib import Path

import cv2
import numpy as np
from mmengine.runner import Runner

from ruas_mm.models.architecture import (
    architecture_parameters,
    weight_parameters,
)

PIPELINE = [
    dict(type='ruas_mm.LoadImagePair'),
    dict(type='ruas_mm.PackEnhancementInputs'),
]


def make_pictures(folder, count=8, seed=0, size=16):
    """Dark square pictures, 0.png to 7.png."""
    state = np.random.RandomState(seed)
    Path(folder).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        coarse = state.randint(0, 60, (size // 4, size // 4, 3))
        picture = cv2.resize(coarse.astype(np.uint8), (size, size))
        cv2.imwrite(str(Path(folder, f'{number}.png')), picture)
    return str(folder)


def loader(folder, half, batch_size=2, crop=None, **settings):
    pipeline = PIPELINE
    if crop is not None:
        pipeline = [
            PIPELINE[0],
            dict(type='ruas_mm.PairedRandomCrop', size=crop),
            PIPELINE[1],
        ]
    dataset = dict(
        type='ruas_mm.UnlabelledImageDataset',
        data_root=folder,
        pipeline=pipeline,
        serialize_data=False,  # which collects garbage, slowly
    )
    if half is not None:
        dataset = dict(type='ruas_mm.HalfDataset', half=half, dataset=dataset)
    shuffled = dict(type='DefaultSampler', shuffle=True)
    return dict(
        dict(batch_size=batch_size, num_workers=0, sampler=shuffled),
        dataset=dataset,
        **settings,
    )


def enhancer(noise_loss, **settings):
    """Config of a small supernet; ReleasedNoiseLoss draws no noise."""
    return dict(
        type='ruas_mm.LowLightEnhancer',
        variant='RUAS',
        scene=dict(genotype=None, num_stages=1, update='residual'),
        noise_remover=dict(genotype=None, num_cells=1),
        noise_loss=dict(type=f'ruas_mm.{noise_loss}', **settings),
    )


def make_runner(
    pictures,
    work_dir,
    by_epoch=False,
    length=4,
    hook=None,
    other_hooks=(),
    **settings,
):
    """Runner of a search on four training and four validation pictures.

    ``length`` counts epochs (of two iterations) or iterations.
    """
    search = dict(
        type='ruas_mm.CooperativeSearchHook',
        val_dataloader=loader(pictures, 'odd'),
        by_epoch=by_epoch,
        interval=100,
        optimizer=dict(type='Adam', lr=0.02, betas=(0.5, 0.999)),
    )
    train_cfg = dict(by_epoch=by_epoch)
    train_cfg['max_epochs' if by_epoch else 'max_iters'] = length
    train_loader = loader(pictures, 'even')
    if not by_epoch:  # at the end of another MMEngine sleeps for two seconds
        train_loader['sampler']['type'] = 'InfiniteSampler'
    arguments = dict(
        model=enhancer('NoiseAsCleanLoss'),
        work_dir=str(work_dir),
        train_dataloader=train_loader,
        train_cfg=train_cfg,
        optim_wrapper=dict(
            optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-3)
        ),
        custom_hooks=[*other_hooks, {**search, **(hook or {})}],
        default_hooks=dict(
            checkpoint=dict(
                type='CheckpointHook', by_epoch=by_epoch, interval=1
            )
        ),
        log_processor=dict(by_epoch=by_epoch),
        default_scope='mmengine',
        # the logger of an equal name would be taken again
        experiment_name='-'.join(Path(work_dir).parts[-2:]),
        randomness=dict(seed=0),
    )
    return Runner(**{**arguments, **settings})


def searched(runner):
    """Alphas of a runner, copied."""
    model = getattr(runner.model, 'module', runner.model)
    return {
        name: alpha.detach().clone()
        for name, alpha in architecture_parameters(model).items()
    }


def trained(runner):
    """Weights of a runner, copied."""
    model = getattr(runner.model, 'module', runner.model)
    return {
        name: weight.detach().clone()
        for name, weight in weight_parameters(model).items()
    }


def snapshots(runner):
    """Train; what the parameters were before each iteration and at the end."""
    states = []
    original = runner.call_hook

    def call_hook(name, **kwargs):
        if name in ('before_train_iter', 'after_train'):
            states.append(
                copy.deepcopy(dict(**searched(runner), **trained(runner)))
            )
        original(name, **kwargs)

    runner.call_hook = call_hook
    runner.train()
    return states
