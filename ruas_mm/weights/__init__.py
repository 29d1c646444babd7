from .enhancer_files import load_enhancer, save_enhancer

__all__ = ['load_enhancer', 'save_enhancer']
