"""Tell the user which toolbox is missing, too old or too new.

``python -m ruas_mm.compatibility`` prints what is installed.
"""

import importlib.metadata
import importlib.util
import re
from importlib import import_module

# import name: (lowest version, first version that is too new). The one place
# for bounds: ``setup.py`` reads them here, what is installed for the tests
# (the two stacks of requirements/) lies within them, and between the two the
# hosts promise compatibility.
SUPPORTED = {
    'torch': ('2.0', '3'),
    'mmengine': ('0.9', '1'),
    'mmcv': ('2.0', '3'),
    'mmdet': ('3.2', '4'),
    'mmseg': ('1.2', '2'),
    'mmpretrain': ('1.1', '2'),
}
REQUIRED = ('torch', 'mmengine', 'mmcv')
HOSTS = ('mmdet', 'mmseg', 'mmpretrain')
DISTRIBUTIONS = {'mmseg': 'mmsegmentation'}
FORKS = {  # maintained, of the same import names
    'mmengine': 'onedl-mmengine',
    'mmcv': 'onedl-mmcv',
    'mmdet': 'onedl-mmdetection',
    'mmseg': 'onedl-mmsegmentation',
    'mmpretrain': 'onedl-mmpretrain',
}
MMCV_OF_ORIGINALS = '2.2'  # too new for mmdet 3.3, the last of its name


class ToolboxError(ImportError):
    """A toolbox is missing, too old, too new, or built without operators."""


def is_installed(name: str) -> bool:
    """Whether module ``name`` can be found; it is not imported."""
    return importlib.util.find_spec(name) is not None


def has_distribution(name: str) -> bool:
    """Whether pip knows ``name`` in this environment."""
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def requirement(name: str, forks: bool = False) -> str:
    """What pip is told: ``'mmdet>=3.2,<4'``.

    Args:
        name: Import name, a key of :data:`SUPPORTED`.
        forks: Name the maintained fork's distribution, where there is one.
    """
    lowest, too_new = SUPPORTED[name]
    distribution = DISTRIBUTIONS.get(name, name)
    if forks:
        distribution = FORKS.get(name, distribution)
    elif name == 'mmcv':
        too_new = MMCV_OF_ORIGINALS
    return f'{distribution}>={lowest},<{too_new}'


def pip_command(name: str) -> str:
    """The command that installs ``name`` beside the toolboxes that are here.

    mmcv is compiled against the torch that is installed.
    """
    forks = any(map(has_distribution, FORKS.values()))
    option = '--no-build-isolation ' if name == 'mmcv' else ''
    return f'pip install {option}"{requirement(name, forks)}"'


def check_toolbox(name: str) -> str:
    """Check one toolbox and return its version.

    Args:
        name: Import name, a key of :data:`SUPPORTED`.

    Raises:
        ToolboxError: The toolbox is missing, outside the supported range, or
            (mmcv) without compiled operators. The message names the command
            that mends it.
    """
    lowest, too_new = SUPPORTED[name]
    if not is_installed(name):
        raise ToolboxError(
            f'ruas_mm needs {name}, which is not installed. '
            f'Mend it with: {pip_command(name)}'
        )
    try:
        version = import_module(name).__version__
    except AssertionError as error:  # the hosts assert on each other's version
        raise ToolboxError(
            f'{name} refuses this environment: {error} '
            f'Mend it with: {pip_command(name)}'
        ) from error
    if not _release(lowest) <= _release(version) < _release(too_new):
        raise ToolboxError(
            f'ruas_mm needs {name} >= {lowest} and < {too_new}, but '
            f'{version} is installed. Mend it with: {pip_command(name)}'
        )
    if name == 'mmcv' and not is_installed('mmcv._ext'):
        raise ToolboxError(
            f'mmcv {version} has no compiled operators (mmcv._ext is '
            'missing), probably because mmcv-lite is installed. Mend it '
            f'with: pip uninstall -y mmcv mmcv-lite && {pip_command(name)}'
        )
    return version


def check_environment() -> dict:
    """Check everything ``ruas_mm`` runs on; at least one host is needed.

    Returns:
        Import name to version, for each toolbox found.

    Raises:
        ToolboxError: See :func:`check_toolbox`; or mmengine cannot find the
            configs of the toolboxes.
    """
    versions = {name: check_toolbox(name) for name in REQUIRED}
    hosts = [name for name in HOSTS if is_installed(name)]
    if not hosts:
        raise ToolboxError(
            'ruas_mm plugs into mmdet, mmseg or mmpretrain; '
            f'none is installed. Mend it with: {pip_command("mmdet")}'
        )
    versions.update({name: check_toolbox(name) for name in hosts})
    if has_distribution('mmengine') and not is_installed('pkg_resources'):
        raise ToolboxError(
            f'mmengine {versions["mmengine"]} finds the configs of toolboxes '
            'with pkg_resources, which newer setuptools have not. '
            'Mend it with: pip install "setuptools<81"'
        )
    return versions


def explain_import(error: ImportError) -> str:
    """What a config of a toolbox could not import, and what mends it."""
    try:
        check_environment()
    except ToolboxError as fault:
        return str(fault)
    return str(error)


def _release(version: str) -> tuple:
    """``'2.1.2+cu118'`` -> ``(2, 1, 2)``."""
    digits = re.match(r'\d+(\.\d+)*', version)[0].split('.')
    return tuple(int(digit) for digit in digits) + (0,) * (3 - len(digits))


if __name__ == '__main__':
    try:
        print(', '.join(f'{k} {v}' for k, v in check_environment().items()))
    except ToolboxError as error:
        raise SystemExit(str(error)) from None
