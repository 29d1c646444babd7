"""``ruas-mm app``: see :data:`command`."""

import socket
import sys
from pathlib import Path
from typing import Optional

import click

from ruas_mm.apis.page_enhancer import MAX_PIXELS
from ruas_mm.cli.options import weights_option
from ruas_mm.compatibility import is_installed


def check_address(host: str, port: int) -> None:
    """Check that a page can be served there.

    Raises:
        ValueError: The port is in use, or there is no such host here.
    """
    try:
        (family, *_, address), *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )
        with socket.socket(family) as place:
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            place.bind(address)
    except OSError as error:
        raise ValueError(
            f'{host}:{port}: {error.strerror}, allowed: another --port or '
            '--host'
        ) from None


@click.command(epilog='Example: ruas-mm app --port 8000')
@click.option('--host', default='127.0.0.1', show_default=True)
@click.option(
    '--port', type=click.IntRange(1, 65535), default=7860, show_default=True
)
@weights_option
@click.option(
    '--max-pixels',
    type=click.IntRange(1),
    default=MAX_PIXELS,
    show_default=True,
    help='Of a picture; more are refused, for the memory.',
)
@click.pass_context
def command(
    context: click.Context,
    host: str,
    port: int,
    weights: Optional[Path],
    max_pixels: int,
) -> None:
    """A page in the browser: drop a picture, compare before and after.

    Needs the extra 'app' (Gradio). Nothing leaves the machine, and nothing is
    fetched from elsewhere.
    """
    if not is_installed('gradio'):
        sys.exit("ruas-mm app needs gradio: pip install 'ruas_mm[app]'")
    try:
        check_address(host, port)
        from ruas_mm.apis.page import build_page, serve

        page = build_page(weights, max_pixels)
    except (ValueError, FileNotFoundError) as error:
        click.echo(str(error), err=True)
        context.exit(click.UsageError.exit_code)
    serve(page, host, port)
    click.echo(f'http://{host}:{port} (Ctrl-C ends)')
    page.block_thread()
