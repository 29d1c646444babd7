"""What users call, imported when it is: each in a file of its own."""

from importlib import import_module

PLACES = {
    'LowLightInferencer': 'low_light_inferencer',
    'WholeModel': 'whole_model',
    'draw_on_enhanced': 'drawing',
    'export_detector': 'detector_export',
    'export_whole_model': 'whole_model_export',
    'lowlight_config': 'wrapped_config',
}
"""Name -> module of this folder."""
__all__ = list(PLACES)


def __getattr__(name: str) -> object:
    if name not in PLACES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'{__name__}.{PLACES[name]}'), name)
