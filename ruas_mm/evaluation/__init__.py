from ruas_mm.compatibility import is_installed

from .complexity import count_macs, count_parameters
from .enhancement_metric import EnhancementMetric

__all__ = ['EnhancementMetric', 'count_macs', 'count_parameters']

# Detection metrics build on mmdet's; nobody else needs mmdet.
if is_installed('mmdet'):
    from .exdark_metric import ExDarkMetric

    __all__ += ['ExDarkMetric']
