"""One of two gloo processes that search together, by MMEngine's runner."""

import sys
from unittest import mock

import torch
from mmengine.dist import get_rank
from search_runs import enhancer, loader, make_runner, searched

if __name__ == '__main__':
    pictures, work_dir, strategy, by_epoch = sys.argv[1:5]
    wrapper = dict(
        type='MMDistributedDataParallel',
        device_ids=None,
        broadcast_buffers=False,
        find_unused_parameters='frugal' not in sys.argv,
    )
    val = loader(pictures, 'odd', batch_size=1)
    val['sampler']['shuffle'] = False
    train = loader(pictures, 'even', batch_size=1)
    train['sampler']['shuffle'] = False
    # mmengine.dist.init_dist wants a GPU
    with mock.patch(
        'mmengine.runner.runner.init_dist',
        lambda *args, **kwargs: torch.distributed.init_process_group('gloo'),
    ):
        runner = make_runner(
            pictures,
            work_dir,
            by_epoch=by_epoch == 'epochs',
            length=6,
            hook=dict(val_dataloader=val, strategy=strategy),
            model=enhancer('ReleasedNoiseLoss', fidelity=1.0),
            train_dataloader=train,
            cfg=dict(model_wrapper_cfg=wrapper),
            launcher='pytorch',
        )
    runner.train()
    torch.save(searched(runner), f'{work_dir}/alphas_{get_rank()}.pth')
