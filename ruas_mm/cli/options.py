"""Options that several commands have."""

from pathlib import Path
from typing import Any, Optional

import click
from click.core import ParameterSource

from ruas_mm.zoo import COMPARED, DEFAULT, ZOO


class NamedPath(click.Path):
    """A path; an empty name, as of an unset variable, is an error."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self,
        value: Any,
        param: Optional[click.Parameter],
        ctx: Optional[click.Context],
    ) -> Path:
        if not str(value):
            self.fail('an empty name, allowed: a file or folder', param, ctx)
        return super().convert(value, param, ctx)


def is_named(context: click.Context, name: str) -> bool:
    """Whether an option was written on the command line."""
    source = context.get_parameter_source(name)
    return source is ParameterSource.COMMANDLINE


ENTRIES = {**ZOO, **COMPARED}
enhancer_option = click.option(
    '--enhancer',
    type=click.Choice(list(ENTRIES), case_sensitive=False),
    default=DEFAULT,
    show_default=True,
    help='; '.join(f'{n}: {e.what}' for n, e in ENTRIES.items()),
)
weights_option = click.option(
    '--weights',
    type=NamedPath(),
    help='File, or folder of several; default: those of the package.',
)
