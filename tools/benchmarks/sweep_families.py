"""The front before one model of every family of the installed hosts.

    python tools/benchmarks/sweep_families.py families.json

Each folder of configs is a family; of its configs the one that looks smallest
is built behind a scene module that learns, trained for one step and asked for
one prediction, in a process of its own with a time limit. What fails is tried
again without the front: then it is the host's. Outcomes are kept in the file
and not run again; ``--again FAMILY`` does.

    python tools/benchmarks/sweep_families.py families.json --write FOLDER

writes them as tables for ``docs/measured``.
"""

import argparse
import json
import multiprocessing
import re
import resource
import sys
from pathlib import Path
from typing import Dict, List, Optional, Sequence

import yaml
from mmengine.config import Config
from stock_batches import host_preprocessor, walk
from sweep_stock_configs import (
    HOSTS,
    be_quiet,
    config_root,
    load,
    reason,
    train_and_predict,
)

from ruas_mm.files.atomic_write import atomic_write

SMALL = (  # parts of names, from the best to the worst
    *('r18', 'resnet18', 'nano', 'atto', 'tiny', 'xxs', 'b0', 's0', 'mobile'),
    *('swin-t', '_s_', 'small', 'xs', 'r34', 'r50', 'resnet50', 'x50', 'fcn'),
)
LARGE = re.compile(
    r'(101|152|x-?large|huge|-?large|_l_|_x_|1\.6gf|3\.2gf|b[3-7]_|giant|'
    r'd53|64x4d|hrnetv2p-w40|w48)'
)
SIZES = (64, 128)  # of pictures; the larger one for what needs it
FEW = dict(nms_pre=100, max_per_img=50, num=32)  # proposals, samples
PASS, HOST, NEEDS, OURS = 'pass', "host's own", 'needs', 'ours'


def families(host: str) -> List[str]:
    """Folders of a host's configs."""
    folders = (p for p in config_root(host).iterdir() if p.is_dir())
    return sorted(p.name for p in folders if p.name != '_base_')


def choose(host: str, family: str) -> Optional[str]:
    """Of its configs with a model the one that looks smallest, if any."""
    root = config_root(host)
    for path in sorted((root / family).glob('*.py'), key=_cost):
        try:
            cfg = Config.fromfile(path)
        except Exception:  # whatever a config may do
            continue
        if 'type' in (cfg.get('model') or {}):
            return str(path.relative_to(root))
    return None


def _cost(path: Path) -> tuple:
    name = path.stem.lower()
    rank = next((i for i, s in enumerate(SMALL) if s in name), len(SMALL))
    return bool(LARGE.search(name)), rank, len(name), name


def picture_size(cfg: Config) -> int:
    """Height and width of the pictures that a classifier is made for."""
    for part in walk(cfg.get('test_dataloader') or cfg.train_dataloader):
        if part.get('type') in ('CenterCrop', 'RandomResizedCrop'):
            size = part.get('crop_size', part.get('scale'))
            return max(size) if isinstance(size, (tuple, list)) else size
    return 224


def prepare(host: str, path: str, size: int) -> Config:
    """A stock config without weights to download or several processes.

    Args:
        host: Name of the toolbox.
        path: Below its configs.
        size: Of mmseg's pictures.
    """
    cfg = load(host, config_root(host) / path)
    cfg.model.setdefault('data_preprocessor', host_preprocessor(cfg))
    preprocessor = cfg.model.data_preprocessor
    if host == 'mmseg' and 'size' in preprocessor:
        preprocessor.size = (size, size)
    for part in walk(cfg.model):
        for key in set(FEW) & part.keys():
            if isinstance(part[key], int) and part[key] > FEW[key]:
                part[key] = FEW[key]
        part.pop('init_cfg', None)
        part.pop('pretrained', None)
        for key in ('norm_cfg', 'type'):
            norm = part if key == 'type' else part.get(key) or {}
            if norm.get('type') in ('SyncBN', 'MMSyncBN'):
                norm.type = 'BN'
    return cfg


def run(host: str, path: str, size: int, in_front: bool) -> str:
    """One training step and one prediction; what was seen.

    Raises:
        AssertionError: The front got no gradient, or a loss is not finite.
    """
    cfg = prepare(host, path, size)
    if host == 'mmpretrain':
        size = picture_size(cfg)
    return train_and_predict(host, cfg, size, in_front)


def _child(pipe, seconds: int, *arguments) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    be_quiet()
    try:
        pipe.send((True, run(*arguments)))
    except ImportError as error:
        pipe.send((None, reason(error)))
    except Exception as error:
        pipe.send((False, reason(error)))


def run_apart(seconds: int, *arguments) -> tuple:
    """:func:`run` in a process of its own.

    Args:
        seconds: Of a processor that it may take.
        *arguments: Of :func:`run`.

    Returns:
        Passed or not (None: a package is missing), and what was seen.
    """
    fork = multiprocessing.get_context('fork')
    here, there = fork.Pipe(duplex=False)
    process = fork.Process(target=_child, args=(there, seconds, *arguments))
    process.start()
    there.close()
    try:
        return here.recv()
    except EOFError:
        return False, f'died, or took more than {seconds} s of a processor'
    finally:
        process.kill()
        process.join()


def outcome(seconds: int, host: str, path: str) -> Dict[str, str]:
    """What becomes of one family."""
    for size in SIZES:
        passed, seen = run_apart(seconds, host, path, size, True)
        if passed:
            return dict(config=path, outcome=PASS, seen=seen)
    kind = OURS if passed is False else NEEDS
    alone, why = run_apart(seconds, host, path, size, False)
    if not alone and kind == OURS:
        kind, seen = HOST, why
    return dict(config=path, outcome=kind, seen=seen)


def sweep(
    target: Path, hosts: Sequence[str], again: Sequence[str], seconds: int
) -> Dict[str, Dict[str, dict]]:
    """Run what is not in the file yet."""
    found = json.loads(target.read_text()) if target.exists() else {}
    for host in hosts:
        results = found.setdefault(host, {})
        for family in families(host):
            if family in results and family not in again:
                continue
            path = choose(host, family)
            if path is None:
                continue
            results[family] = outcome(seconds, host, path)
            print(f'{host} {family}: {results[family]}', flush=True)
            with atomic_write(target) as temporary:
                temporary.write_text(json.dumps(found, indent=1))
    return found


def write_tables(found: Dict[str, Dict[str, dict]], folder: Path) -> None:
    """A file of figures for each host."""
    for host, results in found.items():
        rows: List[List[str]] = []
        for family, result in sorted(results.items()):
            seen = result['seen'].replace('|', '/').replace('{', '(')
            rows.append([family, result['config'], result['outcome'], seen])
        content = dict(
            title=f'Families of {host}',
            data='random dark pictures, full-size models, random weights',
            seed='0',
            machine='B',
            command='python tools/benchmarks/sweep_families.py families.json',
            columns=['family', 'config', 'outcome', 'seen'],
            rows=rows,
        )
        with atomic_write(folder / f'families_{host}.yml') as temporary:
            temporary.write_text(
                yaml.safe_dump(content, sort_keys=False, width=1000)
            )


def main(arguments: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('target', type=Path, help='JSON file of outcomes')
    parser.add_argument('--hosts', nargs='+', choices=HOSTS, default=HOSTS)
    parser.add_argument('--again', nargs='+', default=[], metavar='FAMILY')
    parser.add_argument(
        '--seconds',
        type=int,
        default=120,
        help='of a processor, for each of at most three tries (%(default)s)',
    )
    parser.add_argument('--write', type=Path, metavar='FOLDER')
    args = parser.parse_args(arguments)
    found = sweep(args.target, args.hosts, args.again, args.seconds)
    if args.write is not None:
        write_tables(found, args.write)
    if any(r['outcome'] == OURS for h in found.values() for r in h.values()):
        sys.exit('some families fail because of the front')


if __name__ == '__main__':
    main()
