from .searchable_aspp_head import SearchableASPPHead

__all__ = ['SearchableASPPHead']
