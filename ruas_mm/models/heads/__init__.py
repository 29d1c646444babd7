from .searchable_ssd_head import SearchableSSDHead

__all__ = ['SearchableSSDHead']
