"""``ruas-mm config``: see :data:`command`."""

import ast
from difflib import get_close_matches
from pathlib import Path
from typing import Dict, Optional

import click

import ruas_mm
from ruas_mm.cli import imported
from ruas_mm.cli.options import NamedPath
from ruas_mm.compatibility import explain_import
from ruas_mm.files.atomic_write import atomic_write

PACKAGE = Path(ruas_mm.__file__).parent


def find_configs() -> Dict[str, Path]:
    """Name to file, of the wheel (``.mim``) or of the source tree."""
    folders = (PACKAGE / '.mim' / 'configs', PACKAGE.parent / 'configs')
    folder = next(f for f in folders if (f / 'ruas_ssd_exdark.py').is_file())
    return {
        path.stem: path
        for path in sorted(folder.rglob('*.py'))
        if path.parent.name != '_base_'
    }


def what(path: Path) -> str:
    """First line of what a config says of itself."""
    text = ast.get_docstring(ast.parse(path.read_text())) or ''
    return text.split('\n\n')[0].replace('\n', ' ')


def whole_config(path: Path) -> str:
    """All settings in one text that inherits nothing.

    Raises:
        FileNotFoundError, ImportError: A toolbox that it builds on is not
            installed.
    """
    words = ast.get_docstring(ast.parse(path.read_text()), clean=False)
    head = f'"""{words}"""\n' if words else ''
    config = imported('mmengine.config').Config.fromfile(path)
    return head + config.pretty_text


@click.command(epilog='Example: ruas-mm config ruas_ssd_exdark --out mine.py')
@click.argument('name', required=False)
@click.option(
    '--out',
    '-o',
    type=NamedPath(),
    help='File to write in the place of printing; none is overwritten.',
)
def command(name: Optional[str], out: Optional[Path]) -> None:
    """List the packaged configs, or print or copy the one called NAME.

    What is printed is whole: it inherits no other file, so it can be changed,
    and trained by the toolbox's own tools, in any folder. Folders of data
    are those of the environment variables at this moment.
    """
    configs = find_configs()
    if name is None:
        for stem, path in configs.items():
            click.echo(f'{stem:40} {what(path)}')
        return
    name = name.removesuffix('.py')
    if name not in configs:
        near = get_close_matches(name, configs) or configs
        raise click.ClickException(
            f'{name}: allowed: {", ".join(near)}; all: ruas-mm config'
        )
    if out is not None and out.exists():
        raise click.ClickException(f'{out} is there already')
    try:
        text = whole_config(configs[name])
        if out is None:
            click.echo(text)
            return
        with atomic_write(out) as temporary:
            temporary.write_text(text)
    except ImportError as error:
        reason = explain_import(error)
        raise click.ClickException(f'{name}: {reason}') from None
    except OSError as error:
        raise click.ClickException(f'{name}: {error}') from None
    click.echo(f'{out}: {what(configs[name])}', err=True)
