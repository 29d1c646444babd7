"""Checks of arguments: one form of message, ``name=value, allowed: ...``.

Each raises ``ValueError`` for what is not allowed and returns nothing, but
:func:`check_names`.
"""

from numbers import Integral
from typing import Any, Callable, Optional, Sequence, Tuple, Union

SMALLEST_TILE = 32
"""Side of a tile, in pixels, below which its margin is most of the work."""


def check_choice(name: str, value: str, allowed: Sequence[str]) -> None:
    """One of ``allowed``."""
    if value not in allowed:
        raise ValueError(f'{name}={value!r}, allowed: {tuple(allowed)}')


def check_names(
    name: str, value: Union[str, Sequence[str]], allowed: Sequence[str]
) -> Tuple[str, ...]:
    """One of ``allowed`` or several, at least one; returns them."""
    names = (value,) if isinstance(value, str) else tuple(value)
    if not names or set(names) - set(allowed):
        raise ValueError(f'{name}={value!r}, allowed: some of {list(allowed)}')
    return names


def check_interval(name: str, value: float, low: float, high: float) -> None:
    """A number from ``low`` to ``high``, both included."""
    if not _holds(lambda: low <= value <= high):
        raise ValueError(f'{name}={value!r}, allowed: {low} to {high}')


def check_range(name: str, value: Tuple[float, float]) -> None:
    """Two positive numbers in ascending order."""
    if not _holds(lambda: len(value) == 2 and 0 < value[0] <= value[1]):
        raise ValueError(
            f'{name}={value!r}, allowed: two numbers, 0 < lowest <= highest'
        )


def check_at_least(name: str, value: float, low: float) -> None:
    """A finite number from ``low`` on."""
    if not _holds(lambda: low <= value < float('inf')):
        raise ValueError(f'{name}={value!r}, allowed: at least {low}')


def check_whole_number(name: str, value: int, low: int) -> None:
    """A whole number from ``low`` on."""
    if not isinstance(value, Integral) or value < low:
        raise ValueError(f'{name}={value!r}, allowed: a whole number >= {low}')


def check_strength(strength: Optional[float]) -> None:
    """None, or in [0, 1]."""
    if strength is not None:
        check_interval('strength', strength, 0, 1)


def check_tile(tile: Optional[int]) -> None:
    """None, or a side of at least :data:`SMALLEST_TILE` pixels."""
    if tile is not None and (
        not isinstance(tile, Integral) or tile < SMALLEST_TILE
    ):
        raise ValueError(
            f'tile={tile!r}, allowed: None or a whole number >= '
            f'{SMALLEST_TILE}'
        )


def _holds(comparison: Callable[[], Any]) -> bool:
    """Whether it is true; what cannot be compared is not."""
    try:
        return bool(comparison())
    except TypeError:
        return False
