from ruas_mm.compatibility import is_installed

__all__ = []

# Detection data sets build on mmdet's base class; nobody else needs mmdet.
if is_installed('mmdet'):
    from .exdark import ExDarkDataset

    __all__ += ['ExDarkDataset']
