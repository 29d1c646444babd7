"""What ``train.py`` and ``test.py`` have in common: the hosts' options."""

import argparse
import os
import sys
from pathlib import Path
from typing import Callable

from mmengine.config import Config, DictAction
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from ruas_mm.compatibility import ToolboxError, check_environment
from ruas_mm.datasets.image_files import DataNotFoundError
from ruas_mm.models.pretrained import CheckpointError


class PathAction(DictAction):
    """MMEngine's, but that a file's name keeps its blanks and commas."""

    @staticmethod
    def _parse_iterable(val: str) -> object:
        if {' ', ','} & set(val) and os.path.exists(val):
            return val
        return DictAction._parse_iterable(val)


def make_parser(description: str) -> argparse.ArgumentParser:
    """Parser with the options that both tools have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='folder for all that is written')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=PathAction,
        help='override settings of the config, as in xxx.yyy=value',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    return parser


def read_config(args: argparse.Namespace) -> Config:
    """Config file, then command line."""
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = Config.fromfile(args.config)
    cfg.launcher = args.launcher
    if args.cfg_options is not None:
        cfg.merge_from_dict(args.cfg_options)
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = default_work_dir(args.config)
    return cfg


def default_work_dir(config: str) -> str:
    """Where a config writes, as in the hosts: its file's name decides."""
    return str(Path('work_dirs', Path(config).stem))


def innermost(dataset: dict) -> list:
    """What wrappers hold: the data sets that have the pipelines."""
    if 'dataset' in dataset:
        return innermost(dataset.dataset)
    if 'datasets' in dataset:
        return [d for part in dataset.datasets for d in innermost(part)]
    return [dataset]


def build_runner(cfg: Config) -> Runner:
    """The host's runner."""
    return RUNNERS.build(cfg) if 'runner_type' in cfg else Runner.from_cfg(cfg)


def run_tool(main: Callable[[], None]) -> None:
    """Run ``main``; what the user can mend is told without a traceback."""
    try:
        check_environment()
        main()
    except (ToolboxError, DataNotFoundError, CheckpointError) as error:
        sys.exit(str(error))
