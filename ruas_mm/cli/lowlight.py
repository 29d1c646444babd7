"""``ruas-mm lowlight``: see :data:`command`."""

from pathlib import Path
from typing import Optional

import click

from ruas_mm.cli import imported
from ruas_mm.cli.options import NamedPath, weights_option
from ruas_mm.compatibility import explain_import
from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.zoo import DEFAULT_SCENE, all_names


@click.command(
    epilog='Example: ruas-mm lowlight yolox_s_8xb8-300e_coco --out night.py'
)
@click.argument('config')
@click.option(
    '--out',
    '-o',
    required=True,
    type=NamedPath(),
    help='File to write; none is overwritten.',
)
@click.option(
    '--scene',
    type=click.Choice(all_names(), case_sensitive=False),
    default=DEFAULT_SCENE,
    show_default=True,
    help='Enhancer, with its packaged weights or those of --weights.',
)
@weights_option
@click.option(
    '--trained', is_flag=True, help='Train it with the model, not frozen.'
)
def command(
    config: str, out: Path, scene: str, weights: Optional[Path], trained: bool
) -> None:
    """Write a config with the light on in front of the model of CONFIG.

    CONFIG is a file, or a config of mmdet, mmsegmentation or mmpretrain by
    its name, with or without 'mmdet::' before it. What is written inherits
    it; the toolbox's own tools train and test it, with the checkpoint that
    belongs to CONFIG.
    """
    if out.exists():
        raise click.ClickException(f'{out} is there already')
    try:
        apis = imported('ruas_mm.apis.wrapped_config')
        text, changes = apis.lowlight_config(
            config, out, scene, not trained, weights
        )
        with atomic_write(out) as temporary:
            temporary.write_text(text)
            apis.Config.fromfile(temporary)  # it can be read
    except ImportError as error:
        raise click.ClickException(explain_import(error)) from None
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f'{out}, inherits {config}')
    for change in changes:
        click.echo(f'  {change}')
