"""Low-light vision for OpenMMLab: scene module, searched cells, data sets."""

__version__ = '0.1.0'
