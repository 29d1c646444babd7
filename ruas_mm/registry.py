"""Registries of scope ``ruas_mm``: ``type='ruas_mm.X'`` resolves in any host.

MMEngine imports this file and the ``locations`` by itself when a config names
the scope; a config needs no import for it.
"""

from importlib import import_module
from typing import Dict, Optional, Sequence

from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import OPTIM_WRAPPERS as MMENGINE_OPTIM_WRAPPERS
from mmengine.registry import TASK_UTILS as MMENGINE_TASK_UTILS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import VISUALIZERS as MMENGINE_VISUALIZERS
from mmengine.registry import Registry

from ruas_mm.compatibility import check_toolbox, is_installed

check_toolbox('mmengine')


class HostPartsRegistry(Registry):
    """A registry that imports subclasses of a host's when one is asked for.

    Loading a host takes seconds, and most users have no more than one.

    Args:
        host_parts: Host (import name) to the modules with what builds on it.
        **kwargs: Of ``mmengine.registry.Registry``.
    """

    def __init__(
        self, name: str, host_parts: Dict[str, Sequence[str]], **kwargs
    ):
        assert not any(isinstance(m, str) for m in host_parts.values())
        self.host_parts = dict(host_parts)
        super().__init__(name, **kwargs)

    def get(self, key: str) -> Optional[type]:
        """See ``Registry.get``; the parts of absent hosts are not found."""
        self.import_from_location()
        if key.split('.')[-1] not in self.module_dict:
            self._import_host_parts()
        return super().get(key)

    def _import_host_parts(self) -> None:
        for host in [h for h in self.host_parts if is_installed(h)]:
            modules = self.host_parts.pop(host)
            check_toolbox('mmcv')
            check_toolbox(host)
            for module in modules:
                import_module(module)


MODELS = HostPartsRegistry(
    'model',
    parent=MMENGINE_MODELS,
    scope='ruas_mm',
    locations=['ruas_mm.models'],
    host_parts=dict(
        mmdet=('ruas_mm.models.backbones', 'ruas_mm.models.detectors'),
        mmseg=('ruas_mm.models.segmentors',),
    ),
)
TASK_UTILS = HostPartsRegistry(  # assigners
    'task util',
    parent=MMENGINE_TASK_UTILS,
    scope='ruas_mm',
    locations=['ruas_mm.models'],
    host_parts=dict(mmdet=('ruas_mm.models.detectors',)),
)
DATASETS = HostPartsRegistry(
    'dataset',
    parent=MMENGINE_DATASETS,
    scope='ruas_mm',
    locations=['ruas_mm.datasets'],
    host_parts=dict(
        mmdet=('ruas_mm.datasets.detection',),
        mmseg=('ruas_mm.datasets.segmentation',),
        mmpretrain=('ruas_mm.datasets.classification',),
    ),
)
TRANSFORMS = HostPartsRegistry(
    'transform',
    parent=MMENGINE_TRANSFORMS,
    scope='ruas_mm',
    locations=['ruas_mm.datasets.transforms'],
    host_parts=dict(mmdet=('ruas_mm.datasets.detection',)),
)
METRICS = HostPartsRegistry(
    'metric',
    parent=MMENGINE_METRICS,
    scope='ruas_mm',
    locations=['ruas_mm.evaluation'],
    host_parts=dict(
        mmdet=('ruas_mm.evaluation.exdark_metric',),
        mmseg=('ruas_mm.evaluation.named_iou_metric',),
    ),
)
HOOKS = Registry(
    'hook',
    parent=MMENGINE_HOOKS,
    scope='ruas_mm',
    locations=['ruas_mm.engine', 'ruas_mm.search'],
)
OPTIM_WRAPPERS = Registry(
    'optim_wrapper',
    parent=MMENGINE_OPTIM_WRAPPERS,
    scope='ruas_mm',
    locations=['ruas_mm.engine'],
)
VISUALIZERS = Registry(
    'visualizer',
    parent=MMENGINE_VISUALIZERS,
    scope='ruas_mm',
    locations=['ruas_mm.visualization'],
)
