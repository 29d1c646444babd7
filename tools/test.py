"""Test any host's model: ``python tools/test.py CONFIG CHECKPOINT [options]``.

The same options as the test tools of mmdet, mmseg and mmpretrain, which run
the same configs.
"""

import argparse

from host_options import (
    build_runner,
    innermost,
    make_parser,
    read_config,
    run_tool,
)
from mmengine.config import Config

from ruas_mm.models.pretrained import check_checkpoint

PANELS = 'ruas_mm.SceneVisualizationHook'


def parse_args() -> argparse.Namespace:
    parser = make_parser(__doc__)
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        '--show', action='store_true', help='show the results in a window'
    )
    parser.add_argument(
        '--show-dir', help='save pictures of the results in this folder'
    )
    parser.add_argument(
        '--wait-time', type=float, default=2, help='seconds a window stays'
    )
    parser.add_argument(
        '--tta',
        action='store_true',
        help='test-time augmentation: tta_model and tta_pipeline of CONFIG',
    )
    return parser.parse_args()


def has_scene(cfg: Config) -> bool:
    """Whether the model has a scene module in front."""
    preprocessor = cfg.model.get('data_preprocessor') or {}
    return preprocessor.get('type') == 'ruas_mm.SceneDataPreprocessor'


def apply_options(cfg: Config, args: argparse.Namespace) -> None:
    """Put the options of testing into the config."""
    cfg.load_from = args.checkpoint
    if args.show or args.show_dir:
        hooks = cfg.setdefault('default_hooks', {})
        hook = hooks.get('visualization', {})
        if has_scene(cfg) and hook.get('type') != PANELS:
            hook = dict(type=PANELS)  # the host's draws on the dark picture
        hook.update(draw=True, show=args.show, wait_time=args.wait_time)
        hook.update(test_out_dir=args.show_dir)
        hooks['visualization'] = hook
    if args.tta:
        use_views(cfg)


def use_views(cfg: Config) -> None:
    """Test on several views of each picture, as mmdet's tool does.

    Raises:
        ValueError: The config does not say how.
    """
    missing = {'tta_model', 'tta_pipeline'} - set(cfg.keys())
    if missing:
        raise ValueError(
            f'--tta, but {cfg.filename} has no {sorted(missing)}; allowed: a '
            'config with both, such as those of the face detectors'
        )
    cfg.model = dict(cfg.tta_model, module=cfg.model)
    for dataset in innermost(cfg.test_dataloader.dataset):
        dataset.pipeline = cfg.tta_pipeline


def main() -> None:
    args = parse_args()
    cfg = read_config(args)
    apply_options(cfg, args)
    runner = build_runner(cfg)
    check_checkpoint(runner.model, args.checkpoint)
    runner.test()


if __name__ == '__main__':
    run_tool(main)
