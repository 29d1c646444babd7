"""The page of ``ruas-mm app``: drop a picture, compare, download."""

import html
import os
from pathlib import Path
from typing import Optional, Tuple

from ruas_mm.apis.page_enhancer import MAX_PIXELS, PageEnhancer, Upload
from ruas_mm.zoo import DEFAULT, describe

os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'  # before it is imported
import gradio as gr
from gradio.utils import get_upload_folder

AT_ONCE = 4  # pictures; more users wait for their turn
HOUR = 3600  # seconds

HEADER = """
# Turn the light on
Drop or paste a dark picture, and drag the divider to compare. The download
keeps size, bit depth, transparency, EXIF data and colour profile. Pictures go
no further than the machine that serves this page.
"""
CSS = """
.gradio-container {
  width: 100%; max-width: 1280px !important; margin: 0 auto !important;
}
#header h1 { font-size: 1.6rem; margin-bottom: .25rem; }
#header p { opacity: .75; max-width: 46rem; }
#facts { font-size: .85rem; text-align: center; overflow-wrap: anywhere; }
#facts:not(:has(p)) { display: none; }
#facts .problem { font-size: 1rem; text-align: left; }
#result .empty { min-height: 500px; }
@media (max-width: 800px) { #result .empty { min-height: 220px; } }
"""
PASTE = """
() => document.addEventListener('paste', event => {
  const field = document.querySelector('#source input[type=file]');
  if (!field || !event.clipboardData.files.length) return;
  field.files = event.clipboardData.files;
  field.dispatchEvent(new Event('change', {bubbles: true}));
})
"""


def build_page(
    weights: Optional[str] = None, max_pixels: int = MAX_PIXELS
) -> gr.Blocks:
    """The page of a :class:`PageEnhancer`; results lie where uploads do.

    Raises:
        ValueError, FileNotFoundError: See :class:`PageEnhancer`.
    """
    folder = get_upload_folder()
    Path(folder).mkdir(parents=True, exist_ok=True)
    enhancer = PageEnhancer(weights, folder, max_pixels)
    page = gr.Blocks(
        title='Turn the light on',
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(HOUR, 24 * HOUR),
    )
    with page:
        _lay_out(enhancer)
    return page


def _lay_out(enhancer: PageEnhancer) -> None:
    gr.Markdown(HEADER, elem_id='header')
    upload = gr.State()
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=330):
            source = gr.File(
                label='Dark picture', height=160, elem_id='source'
            )
            name, strength = _choices(enhancer)
            button = gr.Button(
                'Turn the light on', variant='primary', elem_id='enhance'
            )
            facts = gr.HTML(elem_id='facts')
            download = gr.DownloadButton(
                'Download at full size', interactive=False, elem_id='download'
            )
        with gr.Column(scale=5, min_width=420):
            result = gr.ImageSlider(
                label='Before | after',
                interactive=False,
                buttons=['fullscreen'],
                max_height=600,
                elem_id='result',
            )

    def enhance(*inputs) -> Tuple:
        return _enhance(enhancer, *inputs)

    run = dict(
        fn=enhance,
        inputs=[upload, name, strength],
        outputs=[result, facts, download],
        show_progress_on=result,
        concurrency_limit=AT_ONCE,
        concurrency_id='enhance',
        trigger_mode='always_last',
    )
    button.click(**run)
    source.upload(
        _take, source, [source, upload], preprocess=False, queue=False
    ).then(**run)


def _choices(enhancer: PageEnhancer) -> Tuple[gr.Dropdown, gr.Slider]:
    default = DEFAULT
    names = enhancer.names
    name = gr.Dropdown(
        [(f'{name}: {describe(name)}', name) for name in names],
        value=default if default in names else names[0],
        label='Enhancer',
        elem_id='enhancer',
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
    return name, strength


def _take(file: Optional[dict]) -> Tuple[None, Optional[Upload]]:
    """Remember an upload, and make room for the next one to be dropped."""
    if file is None:
        return None, None
    name = Path(file['orig_name'] or file['path']).name
    return None, Upload(file['path'], name)


def _enhance(
    enhancer: PageEnhancer,
    upload: Optional[Upload],
    name: str,
    strength: float,
) -> Tuple:
    """Values of the slider, the facts and the download."""
    try:
        if upload is None:
            raise ValueError('Drop a picture first.')
        enhanced = enhancer(upload, name, strength)
    except ValueError as error:
        sentence = f'<p class="problem" role="alert">{_text(error)}</p>'
        return None, sentence, gr.DownloadButton(value=None, interactive=False)
    return (
        (str(enhanced.before), str(enhanced.after)),
        f'<p>{_text(enhanced.facts)}</p>',
        gr.DownloadButton(value=str(enhanced.file), interactive=True),
    )


def _text(value: object) -> str:
    return html.escape(str(value))


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


def serve(page: gr.Blocks, host: str, port: int) -> None:
    """Serve ``page`` from a thread of its own, until it is closed.

    Raises:
        OSError: The port is in use.
    """
    for name in ('no_proxy', 'NO_PROXY'):  # Gradio asks the page itself
        known = os.environ.get(name, '').split(',')
        os.environ[name] = ','.join(filter(None, [*known, host, 'localhost']))
    try:
        page.launch(
            server_name=host,
            server_port=port,
            share=False,
            ssr_mode=False,
            quiet=True,
            footer_links=[],
            theme=build_theme(),
            css=CSS,
            js=PASTE,
            prevent_thread_lock=True,
        )
    except ValueError:  # no answer within 3 s: a busy machine
        if not page.is_running:
            raise
