from ruas_mm.compatibility import is_installed

__all__ = []

# Detection metrics build on mmdet's; nobody else needs mmdet.
if is_installed('mmdet'):
    from .exdark_metric import ExDarkMetric

    __all__ += ['ExDarkMetric']
