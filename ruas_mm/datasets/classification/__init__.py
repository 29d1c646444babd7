from .exdark_classes import ExDarkClassDataset

__all__ = ['ExDarkClassDataset']
