from .complexity import count_macs, count_parameters
from .enhancement_metric import EnhancementMetric

__all__ = ['EnhancementMetric', 'count_macs', 'count_parameters']
