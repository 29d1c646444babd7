"""The front before every stock config of the installed hosts.

    python tools/benchmarks/sweep_stock_configs.py [--write FILE.md]

puts it in place in each of about 2,000 configs, builds the preprocessors and
runs tiny batches through them in the structure that the config's loaders
deliver: with ``strength=0`` the host's model has to see what it sees without
us. What fails without the front too is the host's own.

    python tools/benchmarks/sweep_stock_configs.py --run soft_teacher simclr

builds models with the front, small ones, for one training step and one
prediction; ``--run all`` takes every family known here, and any stock config
may be named (HOST/FOLDER/FILE.py).
"""

import argparse
import importlib
import importlib.util
import logging
import multiprocessing
import re
import warnings
from collections import Counter, defaultdict
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import torch
from mmengine.config import Config, ConfigDict
from mmengine.logging import MessageHub
from mmengine.registry import DefaultScope
from mmengine.structures import BaseDataElement
from stock_batches import host_preprocessor, stock_batch, walk

from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.models.data_preprocessors.host_defaults import with_type
from ruas_mm.registry import MODELS

HOSTS = ('mmdet', 'mmseg', 'mmpretrain')
FOLDERS = re.compile(r'(?<![\w.:/])/(?:[\w.+-]+/)+')  # of this machine
FAMILIES = dict(
    retinanet='mmdet/retinanet/retinanet_r18_fpn_1x_coco.py',
    yolox='mmdet/yolox/yolox_tiny_8xb8-300e_coco.py',
    soft_teacher='mmdet/soft_teacher/soft-teacher_faster-rcnn_r50-caffe_fpn_'
    '180k_semi-0.1-coco.py',
    masktrack_rcnn='mmdet/masktrack_rcnn/masktrack-rcnn_mask-rcnn_r50_fpn_'
    '8xb1-12e_youtubevis2019.py',
    mask2former_vis='mmdet/mask2former_vis/mask2former_r50_8xb2-8e_'
    'youtubevis2021.py',
    qdtrack='mmdet/qdtrack/qdtrack_faster-rcnn_r50_fpn_8xb2-4e_'
    'mot17halftrain_test-mot17halfval.py',
    bytetrack='mmdet/bytetrack/bytetrack_yolox_x_8xb4-80e_crowdhuman-'
    'mot17halftrain_test-mot17halfval.py',
    deepsort='mmdet/deepsort/deepsort_faster-rcnn_r50_fpn_8xb2-4e_'
    'mot17halftrain_test-mot17halfval.py',
    reid='mmdet/reid/reid_r50_8xb32-6e_mot17train80_test-mot17val20.py',
    fcn='mmseg/fcn/fcn_r18-d8_4xb2-80k_cityscapes-512x1024.py',
    resnet18='mmpretrain/resnet/resnet18_8xb32_in1k.py',
    simclr='mmpretrain/simclr/simclr_resnet50_8xb32-coslr-200e_in1k.py',
    byol='mmpretrain/byol/byol_resnet50_16xb256-coslr-200e_in1k.py',
    simsiam='mmpretrain/simsiam/simsiam_resnet50_8xb32-coslr-100e_in1k.py',
    mocov2='mmpretrain/mocov2/mocov2_resnet50_8xb32-coslr-200e_in1k.py',
    swav='mmpretrain/swav/swav_resnet50_8xb32-mcrop-coslr-200e_in1k-224px-'
    '96px.py',
    mae='mmpretrain/mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k.py',
)
WITHOUT_TRAINING = ('DeepSORT', 'SORT', 'StrongSORT')
SIZES = dict(mae=224)  # position embeddings fix it
TOLERANCE = 1e-3  # of normalised values: [0, 255] / 255 * 255 in float32


def config_root(host: str) -> Path:
    package = importlib.util.find_spec(host).submodule_search_locations[0]
    return Path(package, '.mim', 'configs')


def front(cfg: Config, **scene) -> dict:
    """Config of our preprocessor around the host's."""
    return dict(
        type='ruas_mm.SceneDataPreprocessor',
        scene=dict(type='ruas_mm.SceneModule', **scene),
        data_preprocessor=host_preprocessor(cfg),
        host=cfg.model.type,
    )


def load(host: str, path: Path) -> Config:
    importlib.import_module(f'{host}.utils').register_all_modules(False)
    MessageHub.get_current_instance().update_info('iter', 0)
    return Config.fromfile(path)


def check_config(task: Tuple[str, str]) -> Tuple[str, str, str]:
    """What becomes of one config.

    Args:
        task: Host, and path below its configs.

    Returns:
        Host; ``'ok'``, ``'no model in it'``, or ``'host: ...'``,
        ``'refused: ...'`` or ``'ours: ...'`` with the reason; path.
    """
    host, path = task
    try:
        cfg = load(host, config_root(host) / path)
        if 'type' not in (cfg.get('model') or {}):
            return host, 'no model in it', path
        scope = cfg.get('default_scope', host)
        with DefaultScope.overwrite_default_scope(scope):
            expected = outputs(cfg, plain_preprocessor(cfg))
    except Exception as error:
        return host, f'host: {reason(error)}', path
    try:
        with DefaultScope.overwrite_default_scope(scope):
            found = outputs(cfg, MODELS.build(front(cfg, strength=0)))
        check_same(found, expected)
    except Exception as error:
        told = isinstance(error, ValueError) and 'colour' in str(error)
        return host, f'{"refused" if told else "ours"}: {reason(error)}', path
    return host, 'ok', path


def plain_preprocessor(cfg: Config) -> torch.nn.Module:
    """The host's own."""
    return MODELS.build(with_type(host_preprocessor(cfg), cfg.model.type))


def outputs(cfg: Config, preprocessor: torch.nn.Module) -> List[dict]:
    """Of a training and a test batch, the same for the same config.

    Gradients are on in training: enhancers then compute in another way.
    """
    found = []
    preprocessor.eval()  # numbers do not depend on it; no warm-up of ours
    tests_only = cfg.model.type in WITHOUT_TRAINING
    for training in (False,) if tests_only else (True, False):
        torch.manual_seed(0)
        batch = stock_batch(cfg, training)
        with torch.set_grad_enabled(training):
            torch.manual_seed(1)  # of mixup and the like
            found.append(preprocessor(batch, training))
    return found


def check_same(found, expected, where: str = '') -> None:
    """Tensors up to rounding, structures and fields of samples exactly."""
    if isinstance(expected, torch.Tensor):
        torch.testing.assert_close(
            found, expected, atol=TOLERANCE, rtol=TOLERANCE, msg=where
        )
    elif isinstance(expected, dict):
        assert list(found) == list(expected), where
        for key, value in expected.items():
            check_same(found[key], value, f'{where}.{key}')
    elif isinstance(expected, (list, tuple)):
        assert type(found) is type(expected), where
        assert len(found) == len(expected), where
        for index, value in enumerate(expected):
            check_same(found[index], value, f'{where}.{index}')
    elif isinstance(expected, BaseDataElement):
        assert sorted(found.all_keys()) == sorted(expected.all_keys()), where


def be_quiet() -> None:
    logging.disable(logging.CRITICAL)
    warnings.filterwarnings('ignore')
    torch.set_num_threads(1)


def reason(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [''])[0]
    first = FOLDERS.sub('', first)
    return f'{type(error).__name__}: {first[:120]}'


def sweep(processes: int) -> List[Tuple[str, str, str]]:
    """All stock configs of the hosts that are installed."""
    tasks = []
    for host in HOSTS:
        if importlib.util.find_spec(host) is None:
            continue
        root = config_root(host)
        files = sorted(p.relative_to(root) for p in root.rglob('*.py'))
        tasks += [(host, str(p)) for p in files if '_base_' not in p.parts]
    with multiprocessing.Pool(processes, be_quiet) as pool:
        return list(pool.imap_unordered(check_config, tasks, chunksize=16))


def table(results: List[Tuple[str, str, str]]) -> str:
    """Markdown: counts for each host, then the reasons."""
    kinds = ['ok', 'no model in it', 'refused', 'host', 'ours']
    counts: Dict[str, Counter] = defaultdict(Counter)
    reasons: Dict[Tuple[str, str], List[str]] = defaultdict(list)
    for host, outcome, path in results:
        counts[host][outcome.split(':')[0]] += 1
        if ':' in outcome:
            reasons[host, outcome].append(path)
    lines = [
        '| host | configs | ok | no model in it | refused, told why '
        '| fail without the front too | fail with the front |',
        '|---|---|---|---|---|---|---|',
    ]
    for host, found in sorted(counts.items()):
        cells = [sum(found.values()), *(found[kind] for kind in kinds)]
        lines.append(f'| {host} | ' + ' | '.join(map(str, cells)) + ' |')
    lines.append('')
    for (host, reason), paths in sorted(reasons.items()):
        lines.append(f'- {host}, {len(paths)} x {reason} ({min(paths)})')
    return '\n'.join(lines) + '\n'


def small_config(name: str) -> Tuple[str, Config]:
    """A stock config on a small backbone, without weights to download."""
    path = FAMILIES.get(name, name)
    host, _, rest = path.partition('/')
    cfg = load(host, config_root(host) / rest)
    cfg.model.setdefault('data_preprocessor', host_preprocessor(cfg))
    if 'size' in cfg.model.data_preprocessor:  # mmseg pads to it
        cfg.model.data_preprocessor.size = (64, 64)
    for part in walk(cfg.model):
        part.pop('init_cfg', None)
        part.pop('pretrained', None)
        _shrink(part)
    return host, cfg


def _shrink(part: ConfigDict) -> None:
    """ResNet-18 for ResNet-50, YOLOX-nano for YOLOX-x."""
    if part.get('type', '').endswith('ResNet') and part.get('depth') == 50:
        part.depth = 18
    if part.get('type') == 'GlobalAveragePooling':
        for key in ('kernel_size', 'stride'):  # of ReID's tall pictures
            part.pop(key, None)
    if (part.get('norm_cfg') or {}).get('type') == 'SyncBN':
        part.norm_cfg.type = 'BN'
    if part.get('widen_factor') == 1.25:
        part.update(deepen_factor=0.33, widen_factor=0.25)
    replaced = {
        '[256, 512, 1024, 2048]': [64, 128, 256, 512],
        '2048': 512,
        '[320, 640, 1280]': [64, 128, 256],
        '320': 64,
    }
    for key, value in part.items():
        if 'channels' in key and str(value) in replaced:
            part[key] = replaced[str(value)]


def run_family(name: str) -> str:
    """One training step and one prediction; what was seen.

    Raises:
        AssertionError: The front got no gradient, or a loss is not finite.
    """
    return train_and_predict(*small_config(name), SIZES.get(name, 64))


def train_and_predict(
    host: str, cfg: Config, size: int, in_front: bool = True
) -> str:
    """Build a model of a stock config, train it one step, and predict once.

    Args:
        host: Name of the toolbox.
        cfg: Small, and without weights to download; it is changed.
        size: Height and width of the pictures.
        in_front: Whether a scene module that learns stands in front.

    Returns:
        What was seen.

    Raises:
        AssertionError: The front got no gradient, or a loss is not finite.
    """
    torch.manual_seed(0)
    seen = []
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', host)):
        if in_front:
            cfg.model.data_preprocessor = front(cfg)
        model = MODELS.build(cfg.model)
        if in_front:
            model.data_preprocessor.init_weights()
            inner = cfg.model.data_preprocessor.data_preprocessor
            cfg.model.data_preprocessor = inner  # batches are the host's
        if cfg.model.type not in WITHOUT_TRAINING:
            batch = stock_batch(cfg, True, size)
            seen.append(_train(model, batch, in_front))
        model.eval()
        batch = stock_batch(cfg, False, size)
        with torch.no_grad():
            if hasattr(model, 'predict'):
                seen.append(f'{len(model.test_step(batch))} predictions')
            else:  # pre-training predicts nothing
                model(**model.data_preprocessor(batch), mode='tensor')
                seen.append('features')
    return ', '.join(seen)


def _train(model: torch.nn.Module, batch: dict, in_front: bool) -> str:
    model.train()
    data = model.data_preprocessor(batch, True)
    losses = model(**data, mode='loss')
    loss, _ = model.parse_losses(losses)
    loss.backward()
    assert torch.isfinite(loss), losses
    if not in_front:
        return f'loss {loss:.3f}'
    gradients = [
        p.grad.abs().sum()
        for p in model.data_preprocessor.scene.parameters()
        if p.grad is not None
    ]
    assert gradients and sum(gradients) > 0, 'no gradient at the front'
    return f'loss {loss:.3f}, gradient at the front {sum(gradients):.2e}'


def parse_args(
    arguments: Optional[Sequence[str]] = None,
) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--write', type=Path, help='Markdown file to write')
    parser.add_argument(
        '--processes', type=int, default=2, help='(%(default)s)'
    )
    parser.add_argument(
        '--run',
        nargs='+',
        metavar='FAMILY',
        help=f"'all', stock configs or: {', '.join(FAMILIES)}",
    )
    return parser.parse_args(arguments)


def main(args: argparse.Namespace) -> None:
    if not args.run:
        text = table(sweep(args.processes))
        print(text)
        if args.write is not None:
            with atomic_write(args.write) as temporary:
                temporary.write_text(text)
        return
    be_quiet()
    for name in FAMILIES if args.run == ['all'] else args.run:
        try:
            print(f'{name}: {run_family(name)}', flush=True)
        except Exception as error:
            print(f'{name}: FAILED, {reason(error)}', flush=True)


if __name__ == '__main__':
    main(parse_args())
