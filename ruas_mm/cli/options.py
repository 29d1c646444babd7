"""Options that several commands have."""

import click

from ruas_mm.models.enhancers.ruas.variants import DEFAULT_VARIANT
from ruas_mm.models.enhancers.zoo import ZOO

enhancer_option = click.option(
    '--enhancer',
    type=click.Choice(list(ZOO), case_sensitive=False),
    default=DEFAULT_VARIANT.lower(),
    show_default=True,
    help='; '.join(f'{name}: {entry.what}' for name, entry in ZOO.items()),
)
weights_option = click.option(
    '--weights', help='File; default: those of the package.'
)
