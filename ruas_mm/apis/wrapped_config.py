"""A config with the light on, from any config of a toolbox.

Psi = Psi_t o Psi_s of the paper for a task that is there already.
"""

import importlib.util
import os
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import List, NamedTuple, Optional, Tuple, Union

from mmengine.config import Config

from ruas_mm.arguments import check_choice
from ruas_mm.compatibility import DISTRIBUTIONS, HOSTS, is_installed
from ruas_mm.models.enhancers.loading import load_enhancer
from ruas_mm.zoo import DEFAULT_SCENE, all_names

RATE = 1e-3  # suits the scene module, whatever the model's own is
FRONT = 'SceneDataPreprocessor'
PLAIN = 'DefaultOptimWrapperConstructor'
CONSTRUCTORS = (PLAIN, 'ForceDefaultOptimWrapperConstructor')
"""Those that heed ``custom_keys``."""


class LowLightConfig(NamedTuple):
    """A config and what is new in it.

    Attributes:
        text: Of the file, which inherits the model's own config.
        changes: A line for each thing that is not as it was.
    """

    text: str
    changes: List[str]


def lowlight_config(
    config: Union[str, Path],
    out: Union[str, Path],
    scene: str = DEFAULT_SCENE,
    frozen: bool = True,
    weights: Optional[Union[str, Path]] = None,
) -> LowLightConfig:
    """Put an enhancer in front of the model of a config; nothing is written.

    It stands before the outermost preprocessor, so that branches
    (semi-supervised), frames (tracking) and views are enhanced picture by
    picture. Paths of ``config`` are told relative to ``out``.

    Args:
        config: File; a config of a toolbox, such as
            ``'mmdet::yolox/yolox_s_8xb8-300e_coco.py'``; or the name of one
            of those alone, ``'yolox_s_8xb8-300e_coco'``.
        out: Where the text will be written.
        scene: A name of :data:`ruas_mm.zoo.ZOO`, or of
            :data:`ruas_mm.zoo.COMPARED`.
        frozen: Whether the enhancer is kept as it is; else it is trained with
            the model, at a rate of its own where the config has an optimiser.
        weights: Of the enhancer, see :func:`ruas_mm.models.load_enhancer`,
            told by their whole path; None: those in the package.

    Raises:
        ValueError: An unknown name, weights that do not fit it, a config
            without a model, with a front already, or one that cannot be read;
            ``out`` is no ``.py`` file.
        FileNotFoundError: There are no such weights.
    """
    config = str(config)
    check_choice('scene', scene, all_names())
    if Path(out).suffix != '.py':
        raise ValueError(f'out={out}, allowed: a file whose name ends in .py')
    load_enhancer(scene, weights)  # now, not when the config is used
    base, path = find_config(config)
    try:
        cfg = Config.fromfile(path)
    except Exception as error:  # whatever the file does
        raise ValueError(f'{config}: cannot be read: {error}') from None
    where, preprocessor = _preprocessor(cfg, config)
    named = repr(scene)
    if weights is not None:
        weights = Path(weights).resolve().as_posix()
        named = f'dict(type={scene!r}, weights={weights!r})'
    front = [f"type='ruas_mm.{FRONT}'", f'scene={named}']
    front += [f'frozen={frozen}']
    if 'data_preprocessor' in cfg.model:
        front.insert(0, '_delete_=True')
    if 'type' not in preprocessor:
        front.append('host={{_base_.model.type}}')
    variable = {
        'model': '{{_base_.model.data_preprocessor}}',
        'config': '{{_base_.data_preprocessor}}',
        'nowhere': 'dict()',
    }[where]
    front.append(f'data_preprocessor={variable}')
    kind = preprocessor.get('type', f'the default of {cfg.model.type}')
    how = 'frozen' if frozen else 'trained'
    changes = [
        f'model.data_preprocessor: {FRONT} ({scene}, {how}) around {kind}'
    ]
    lines = [
        f'"""{path.stem}, with the light on: {scene}, {how}, in front."""',
        '',
        f'_base_ = {_relative(base, path, Path(out))!r}',
        f'custom_imports = {_custom_imports(cfg)}',
        'model = dict(',
        '    data_preprocessor=dict(',
        *(f'        {entry},' for entry in front),
        '    )',
        ')',
    ]
    rate = None if frozen else _rate(cfg)
    if not frozen and not rate:
        changes.append(
            'the front learns as the settings of the optimiser have it for '
            'all that they do not name; no rate of its own is set'
        )
    if rate:
        key = "'data_preprocessor.scene'"
        entry = f'lr_mult={RATE / rate:.6g}, decay_mult=0'
        lines += [
            'optim_wrapper = dict(',
            f'    paramwise_cfg=dict({_instead_of_none(cfg.optim_wrapper)}',
            f'        custom_keys={{{key}: dict({entry})}}',
            '    )',
            ')',
        ]
        changes.append(
            f'optim_wrapper: rate {RATE:g} of the front (the model: {rate:g})'
        )
    return LowLightConfig('\n'.join(lines) + '\n', changes)


def find_config(config: str) -> Tuple[str, Path]:
    """What a config is inherited by, and where its file is.

    Raises:
        ValueError: There is none, or several.
    """
    if Path(config).is_file():
        return config, Path(config).resolve()
    host, _, name = config.rpartition('::')
    stem = name.removesuffix('.py')
    found = [
        (_inherited(host, path.relative_to(root), path), path)
        for host, root in _config_roots(host)
        for path in sorted(root.rglob(f'{Path(stem).name}.py'))
        if stem in (path.stem, str(path.relative_to(root).with_suffix('')))
    ]
    if len(found) != 1:
        several = [base for base, _ in found] or 'none'
        hosts = ', '.join(filter(is_installed, HOSTS)) or 'none'
        near = [] if found else _near(Path(stem).name, host)
        such = near or ["'mmdet::yolox/yolox_s_8xb8-300e_coco.py'"]
        raise ValueError(
            f'config={config!r}, found: {several}, allowed: a file, or one '
            f'of the installed toolboxes ({hosts}), such as {", ".join(such)}'
        )
    return found[0]


def _near(stem: str, host: str) -> List[str]:
    """Names of configs that are spelt almost so."""
    stems = [
        path.stem
        for _, root in _config_roots(host)
        for path in root.rglob('*.py')
    ]
    return get_close_matches(stem, stems)


def _inherited(host: str, name: Path, path: Path) -> str:
    """By the toolbox's name, where MMEngine finds it (not in a fork)."""
    try:
        version(DISTRIBUTIONS.get(host, host))
    except PackageNotFoundError:
        return str(path)
    return f'{host}::{name.as_posix()}'


def _config_roots(host: str) -> List[Tuple[str, Path]]:
    roots = []
    for name in [host] if host else HOSTS:
        if name in HOSTS and is_installed(name):
            spec = importlib.util.find_spec(name)
            folder = Path(spec.submodule_search_locations[0])
            roots.append((name, folder / '.mim' / 'configs'))
    return roots


def _preprocessor(cfg: Config, config: str) -> Tuple[str, dict]:
    """Where the outermost preprocessor stands, and its config."""
    if 'type' not in (cfg.get('model') or {}):
        raise ValueError(f'{config}: has no model, allowed: one with a model')
    if Config._is_lazy_import(cfg.filename):
        raise ValueError(
            f'{config}: a pure-Python config, which text cannot inherit, '
            'allowed: the form of docs/recipes.md, "Pure-Python configs"'
        )
    if cfg.model.get('data_preprocessor'):
        where, found = 'model', cfg.model.data_preprocessor
    elif cfg.get('data_preprocessor'):
        where, found = 'config', cfg.data_preprocessor
    else:
        where, found = 'nowhere', {}
    if not isinstance(found, dict):
        raise ValueError(
            f'{config}: data_preprocessor={found!r}, allowed: a dictionary'
        )
    if FRONT in str(found.get('type')):
        raise ValueError(f'{config}: has a {FRONT} already')
    return where, found


def _custom_imports(cfg: Config) -> str:
    """The config's own, and this package's: a list replaces a list."""
    before = cfg.get('custom_imports') or {}
    own = before.get('imports', [])
    own = [own] if isinstance(own, str) else list(own)
    imports = [*own, *({'ruas_mm'} - set(own))]
    may_fail = before.get('allow_failed_imports', False)
    settings = f'imports={imports}, allow_failed_imports={may_fail}'
    instead = _instead_of_none(cfg, 'custom_imports')
    return f'dict({instead}{settings})'


def _instead_of_none(part: dict, key: str = 'paramwise_cfg') -> str:
    """What MMEngine asks for where a dictionary replaces None."""
    return '_delete_=True, ' if part.get(key, {}) is None else ''


def _rate(cfg: Config) -> Optional[float]:
    """Of the model, where a part can be given another one."""
    wrapper = cfg.get('optim_wrapper') or {}
    if wrapper.get('constructor', PLAIN) not in CONSTRUCTORS:
        return None  # layer by layer: it looks at no names of ours
    return (wrapper.get('optimizer') or {}).get('lr')


def _relative(base: str, path: Path, out: Path) -> str:
    """Files move together; those of a toolbox are found by its name."""
    if '::' in base or Path(base).is_absolute():
        return base
    return Path(os.path.relpath(path, out.resolve().parent)).as_posix()
