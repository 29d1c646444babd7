from .weight_file import read_weights, save_enhancer

__all__ = ['read_weights', 'save_enhancer']
