"""Which images a table of figures is about."""

from typing import Iterable, Optional


def split_title(names: Iterable[Optional[str]], noun: str = 'images') -> str:
    """For example ``'official/val + official/test, 4363 images'``.

    Args:
        names: ``split_name`` of each image's data sample; None: not told.
        noun: What they are.
    """
    names = list(names)
    told = ' + '.join(name for name in dict.fromkeys(names) if name)
    return ', '.join([*([told] if told else []), f'{len(names)} {noun}'])
