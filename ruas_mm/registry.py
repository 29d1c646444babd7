"""Registries of scope ``ruas_mm``: ``type='ruas_mm.X'`` resolves in any host.

MMEngine imports this file and the ``locations`` by itself when a config names
the scope; a config needs no import for it.
"""

from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import OPTIM_WRAPPERS as MMENGINE_OPTIM_WRAPPERS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import Registry

from ruas_mm.compatibility import check_toolbox

check_toolbox('mmengine')
check_toolbox('mmcv')

MODELS = Registry(
    'model',
    parent=MMENGINE_MODELS,
    scope='ruas_mm',
    locations=['ruas_mm.models'],
)
DATASETS = Registry(
    'dataset',
    parent=MMENGINE_DATASETS,
    scope='ruas_mm',
    locations=['ruas_mm.datasets'],
)
TRANSFORMS = Registry(
    'transform',
    parent=MMENGINE_TRANSFORMS,
    scope='ruas_mm',
    locations=['ruas_mm.datasets.transforms'],
)
METRICS = Registry(
    'metric',
    parent=MMENGINE_METRICS,
    scope='ruas_mm',
    locations=['ruas_mm.evaluation'],
)
HOOKS = Registry(
    'hook',
    parent=MMENGINE_HOOKS,
    scope='ruas_mm',
    locations=['ruas_mm.engine'],
)
OPTIM_WRAPPERS = Registry(
    'optim_wrapper',
    parent=MMENGINE_OPTIM_WRAPPERS,
    scope='ruas_mm',
    locations=['ruas_mm.engine'],
)
