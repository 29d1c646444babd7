"""Train any host's model: ``python tools/train.py CONFIG [options]``.

The same options as the train tools of mmdet, mmseg and mmpretrain, which run
the same configs.
"""

import argparse

from host_options import build_runner, make_parser, read_config, run_tool
from mmengine.config import Config
from mmengine.device import get_device


def parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__)
    parser.add_argument(
        '--amp',
        action='store_true',
        help='mixed precision (without a GPU: bfloat16)',
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate with the batch size',
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='go on from this checkpoint, without a name from the last one',
    )
    return parser.parse_args()


def apply_options(cfg: Config, args: argparse.Namespace) -> None:
    """Put the options of training into the config."""
    if args.amp and get_device() == 'cpu':
        cfg.optim_wrapper.type = 'ruas_mm.Bf16OptimWrapper'
    elif args.amp:
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.auto_scale_lr:
        if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
            raise ValueError(
                '--auto-scale-lr needs auto_scale_lr.base_batch_size in the '
                'config'
            )
        cfg.auto_scale_lr.enable = True
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume


def main() -> None:
    args = parse_args()
    cfg = read_config(args)
    apply_options(cfg, args)
    build_runner(cfg).train()


if __name__ == '__main__':
    run_tool(main)
