"""``ruas-mm convert``: see :data:`command`."""

from pathlib import Path

import click

from ruas_mm.cli import imported
from ruas_mm.cli.options import NamedPath


@click.command(epilog='Example: ruas-mm convert lol.pt lol.pth')
@click.argument('source', type=NamedPath())
@click.argument('target', type=NamedPath())
def command(source: Path, target: Path) -> None:
    """Convert released checkpoints to MMEngine's.

    Both releases of the authors are known (CVPR 2021 and journal), the noise
    removal network that comes alone, their face detector, and the public
    PyTorch ports of S3FD, PyramidBox and DSFD. SOURCE is read as tensors
    alone: nothing in it is executed.

    TARGET of an enhancer loads by init_cfg=dict(type='Pretrained',
    checkpoint='TARGET', prefix='scene'), and by 'ruas-mm enhance --weights';
    of a detector as any checkpoint of its config in configs/detection.
    """
    try:
        apis = imported('ruas_mm.apis.released_checkpoints')
        click.echo(apis.convert_file(source, target))
    except (ValueError, OSError) as error:
        raise click.ClickException(f'{source}: {error}') from None
