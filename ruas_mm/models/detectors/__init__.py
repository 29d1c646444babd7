from .searchable_ssd import SearchableSSDHead, SearchableSSDNeck

__all__ = ['SearchableSSDHead', 'SearchableSSDNeck']
