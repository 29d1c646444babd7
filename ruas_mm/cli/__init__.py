"""``ruas-mm enhance | app | export | convert | lowlight | config``.

Each is a module of this folder with a :class:`click.Command` named
``command``; it is imported when it is called. ``python -m ruas_mm`` is the
same. For completion in bash (zsh and fish alike)::

    eval "$(_RUAS_MM_COMPLETE=bash_source ruas-mm)"
"""

import gc
from importlib import import_module
from types import ModuleType
from typing import List, Optional

import click
from click.shell_completion import CompletionItem

from ruas_mm import __version__

COMMANDS = {
    'enhance': 'Turn the light on in pictures and videos.',
    'app': 'A page in the browser: drop a picture, compare.',
    'export': 'Write an enhancer as ONNX or safetensors.',
    'convert': "Convert the authors' released checkpoints.",
    'lowlight': 'Put the light before the model of any config.',
    'config': 'List, print or copy the packaged configs.',
}
"""Name of a command, and of its module, -> what it does."""


def imported(name: str) -> ModuleType:
    """A module with all that it imports, which stays until the end.

    Looking for garbage among all that torch and MMEngine define takes a
    second of the import, and another one of the way out.
    """
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.freeze()
        if is_enabled:
            gc.enable()


class Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, context: click.Context) -> List[str]:
        """See ``click.Group.list_commands``."""
        return list(COMMANDS)

    def get_command(
        self, context: click.Context, name: str
    ) -> Optional[click.Command]:
        """See ``click.Group.get_command``."""
        if name not in COMMANDS:
            return None
        return imported(f'ruas_mm.cli.{name}').command

    def shell_complete(
        self, context: click.Context, incomplete: str
    ) -> List[CompletionItem]:
        """From the table above; nothing is imported for it."""
        names = [name for name in COMMANDS if name.startswith(incomplete)]
        items = [CompletionItem(n, help=COMMANDS[n]) for n in names]
        return items + click.Command.shell_complete(self, context, incomplete)

    def format_commands(
        self, context: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """See :meth:`shell_complete`."""
        with formatter.section('Commands'):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    epilog='Example: ruas-mm enhance photo.jpg',
    context_settings=dict(help_option_names=['-h', '--help']),
)
@click.version_option(__version__, prog_name='ruas_mm')
def main() -> None:
    """Low-light vision: one command for each thing to do.

    'ruas-mm COMMAND --help' tells how, with an example.
    """
