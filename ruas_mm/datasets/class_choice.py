"""Classes that a config chooses by name, of a data set that has its own."""

from typing import Mapping, Optional, Sequence, Tuple, Union


def choose_classes(
    loaded: dict, given: Optional[Mapping], own: Mapping
) -> dict:
    """Meta information with classes that were checked, and their colours.

    Args:
        loaded: What MMEngine makes of ``given``; changed in place.
        given: ``metainfo`` of the config.
        own: ``METAINFO`` of the data set's class.

    Raises:
        ValueError: See :func:`check_classes`.
    """
    allowed = own['classes']
    classes = check_classes(loaded['classes'], allowed)
    loaded['classes'] = classes
    if 'palette' not in (given or {}):
        colours = dict(zip(allowed, own['palette']))
        loaded['palette'] = [colours[name] for name in classes]
    return loaded


def check_classes(
    classes: Union[str, Sequence[str]], allowed: Sequence[str]
) -> Tuple[str, ...]:
    """Chosen classes in their order: of ``allowed``, none of them twice.

    Raises:
        ValueError: None, one that is not the data set's, or one twice.
    """
    chosen = (classes,) if isinstance(classes, str) else tuple(classes or ())
    unknown = [name for name in chosen if name not in allowed]
    if unknown or not chosen or len(set(chosen)) < len(chosen):
        which = f', unknown: {unknown}' if unknown else ''
        raise ValueError(
            f"metainfo['classes']={chosen}{which}, allowed: one or more of "
            f'{tuple(allowed)}, each once'
        )
    return chosen
