from .cooperative_search_hook import CooperativeSearchHook

__all__ = ['CooperativeSearchHook']
