from .searchable_ssd_neck import SearchableSSDNeck

__all__ = ['SearchableSSDNeck']
