"""``ruas-mm app``: see :data:`command`."""

import os
import tempfile
import time
from pathlib import Path
from typing import Iterator, Optional

import click
import numpy as np
from PIL import Image, ImageOps

from ruas_mm.apis import LowLightInferencer
from ruas_mm.cli.options import weights_option
from ruas_mm.files.picture_file import Picture, read_picture
from ruas_mm.models import VARIANTS

os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'  # before it is imported
import gradio as gr

LABELS = {f'{name}: {v.what}': name for name, v in VARIANTS.items()}
PREVIEW_SIDE = 1600  # pixels; the download has the full size
HOUR = 3600  # seconds

HEADER = """
# Turn the light on
Drop a dark picture, and drag the divider to compare. The download keeps size,
bit depth, transparency, EXIF data and colour profile. Pictures stay on this
machine.
"""
CSS = """
.gradio-container {
  width: 100%; max-width: 1280px !important; margin: 0 auto !important;
}
#header h1 { font-size: 1.6rem; margin-bottom: .25rem; }
#header p, #facts p { opacity: .75; }
#header p { max-width: 46rem; }
#facts p { font-size: .85rem; text-align: center; }
#result .empty { min-height: 500px; }
"""


def enhance(
    source: Optional[str],
    variant: str,
    strength: float,
    weights: Optional[str] = None,
) -> Iterator[tuple]:
    """Enhance an uploaded file.

    Args:
        source: Path of the file.
        variant: A key of :data:`LABELS`.
        strength: 0 to 1.
        weights: See :class:`LowLightInferencer`.

    Yields:
        Once: previews before and after, facts, and the button that downloads
        the result. Gradio has copied the file when the next one is asked for.

    Raises:
        gr.Error: The picture or the weights cannot be used.
    """
    if source is None:
        raise gr.Error('Drop a picture first.', print_exception=False)
    source, start = Path(source), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, f'{source.stem}_enhanced{source.suffix}')
        try:
            inferencer = LowLightInferencer(LABELS[variant], weights, strength)
            inferencer.enhance_file(source, target)
            before, after = read_picture(source), read_picture(target)
        except (ValueError, FileNotFoundError) as error:
            message = str(error).replace(str(source), source.name)
            raise gr.Error(message, print_exception=False) from None
        yield (
            (make_preview(before), make_preview(after)),
            describe(after, time.perf_counter() - start),
            gr.DownloadButton(value=str(target), interactive=True),
        )


def make_preview(picture: Picture) -> np.ndarray:
    """The picture as viewers show it, 8 bits, no larger than the page."""
    pixels = picture.rgb
    if picture.depth == 16:
        pixels = (pixels >> 8).astype(np.uint8)
    image = Image.fromarray(pixels)
    image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    image.info['exif'] = picture.exif or b''
    return np.asarray(ImageOps.exif_transpose(image))


def describe(picture: Picture, seconds: float) -> str:
    height, width = picture.rgb.shape[:2]
    return (
        f'{width} × {height} pixels, {picture.depth} bits a channel, '
        f'{seconds:.1f} s'
    )


def build_page(weights: Optional[str] = None) -> gr.Blocks:
    """The page; see :func:`enhance`."""
    page = gr.Blocks(
        title='Turn the light on',
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(HOUR, 24 * HOUR),
    )
    with page:
        gr.Markdown(HEADER, elem_id='header')
        with gr.Row(equal_height=False):
            with gr.Column(scale=2, min_width=330):
                source = gr.Image(
                    label='Dark picture',
                    type='filepath',
                    image_mode=None,
                    sources=['upload', 'clipboard'],
                    buttons=[],
                    height=220,
                    elem_id='source',
                )
                variant = gr.Dropdown(
                    list(LABELS),
                    value=list(LABELS)[-1],
                    label='Variant',
                    elem_id='variant',
                )
                strength = gr.Slider(
                    0,
                    1,
                    value=1,
                    step=0.05,
                    label='Strength',
                    info='0 changes nothing',
                    elem_id='strength',
                )
                button = gr.Button(
                    'Turn the light on', variant='primary', elem_id='enhance'
                )
                download = gr.DownloadButton(
                    'Download at full size',
                    interactive=False,
                    elem_id='download',
                )
                facts = gr.Markdown(elem_id='facts')
            with gr.Column(scale=5, min_width=420):
                result = gr.ImageSlider(
                    label='Before | after',
                    type='numpy',
                    format='jpeg',
                    interactive=False,
                    buttons=['fullscreen'],
                    max_height=600,
                    elem_id='result',
                )

        def run(*inputs) -> Iterator[tuple]:
            yield from enhance(*inputs, weights)

        button.click(
            run, [source, variant, strength], [result, facts, download]
        )
    return page


def build_theme() -> gr.Theme:
    """Quiet colours and the system's fonts: nothing to be fetched."""
    theme = gr.themes.Base(
        primary_hue='amber',
        neutral_hue='stone',
        font=['system-ui', 'sans-serif'],
        font_mono=['ui-monospace', 'monospace'],
    )
    black = '#1c1917'  # white on amber is hard to read
    return theme.set(
        button_primary_text_color=black,
        button_primary_text_color_hover=black,
        button_primary_text_color_dark=black,
        button_primary_text_color_hover_dark=black,
        button_primary_background_fill_dark='*primary_500',
        button_primary_background_fill_hover_dark='*primary_400',
    )


@click.command(epilog='Example: ruas-mm app --port 8000')
@click.option('--host', default='127.0.0.1', show_default=True)
@click.option('--port', default=7860, show_default=True)
@weights_option
def command(host: str, port: int, weights: Optional[str]) -> None:
    """A page in the browser: drop a picture, compare before and after.

    Needs the extra 'app' (Gradio). Nothing leaves the machine, and nothing is
    fetched from elsewhere.
    """
    click.echo(f'http://{host}:{port} (Ctrl-C ends)')
    build_page(weights).launch(
        server_name=host,
        server_port=port,
        share=False,
        ssr_mode=False,
        quiet=True,
        footer_links=[],
        theme=build_theme(),
        css=CSS,
    )
