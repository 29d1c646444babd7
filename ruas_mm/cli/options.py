"""Options that several commands have."""

from typing import Callable, Mapping, NamedTuple

import click

from ruas_mm.zoo import COMPARED, DEFAULT, ZOO


def _enhancer_option(entries: Mapping[str, NamedTuple]) -> Callable:
    return click.option(
        '--enhancer',
        type=click.Choice(list(entries), case_sensitive=False),
        default=DEFAULT,
        show_default=True,
        help='; '.join(f'{name}: {e.what}' for name, e in entries.items()),
    )


enhancer_option = _enhancer_option({**ZOO, **COMPARED})
weights_option = click.option(
    '--weights',
    help='File, or folder of several; default: those of the package.',
)
