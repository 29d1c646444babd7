"""``ruas-mm export``: see :data:`command`."""

from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Optional

import click

from ruas_mm.cli.options import (
    NamedPath,
    enhancer_option,
    is_named,
    weights_option,
)
from ruas_mm.compatibility import ToolboxError, check_toolbox

WITHOUT_USE = {
    ('.onnx', False): ('picture',),
    ('.onnx', True): ('enhancer', 'weights'),
    ('.safetensors', True): ('enhancer', 'weights', 'opset', 'picture'),
}
"""By suffix, and whether a training is named: options that change nothing."""


def check_options(context: click.Context, out: Path, trained: bool) -> None:
    """Raise ``ValueError`` for an option that would be passed over."""
    for name in WITHOUT_USE.get((out.suffix, trained), ()):
        if is_named(context, name):
            what = 'what was trained' if trained else 'an enhancer by name'
            raise ValueError(
                f'{out}: {what} with --{name}={context.params[name]}, '
                'allowed: without it'
            )


@contextmanager
def building(config: str) -> Iterator[None]:
    """Tell in one line why the model of a config cannot be built.

    Raises:
        ValueError: In the place of what MMEngine and the hosts raise.
    """
    try:
        yield
    except (KeyError, AttributeError, TypeError, SyntaxError) as error:
        reason = str(error.args[0] if error.args else error)
        raise ValueError(
            f'{config}: its model cannot be built '
            f'({reason.strip().splitlines()[0]}), allowed: a config that '
            'trains'
        ) from None


def export_onnx_file(
    out: Path, enhancer: str, weights: Optional[Path], opset: int
) -> str:
    """Write an enhancer of the zoo as ONNX; returns what to tell."""
    from ruas_mm.apis.onnx_export import export_onnx
    from ruas_mm.models import load_enhancer

    difference = export_onnx(load_enhancer(enhancer, weights), out, opset)
    return (
        f'{out}: {enhancer}, opset {opset}, {out.stat().st_size:,} bytes, '
        f'at most {difference:.1e} from PyTorch'
    )


def export_weight_file(out: Path, config: str, checkpoint: str) -> str:
    """Write what was trained as safetensors; returns what to tell.

    The file holds tensors and the settings of the parts as JSON.
    """
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    from ruas_mm.models.enhancers.base import check_enhancer
    from ruas_mm.models.pretrained import load_pretrained
    from ruas_mm.registry import MODELS
    from ruas_mm.weights import save_enhancer
    from ruas_mm.weights.weight_file import SETTINGS

    with building(config):
        cfg = Config.fromfile(config)
        init_default_scope(cfg.get('default_scope', 'mmengine'))
        model = MODELS.build(cfg.model)
    check_enhancer(model, f'the model of {config}')
    load_pretrained(model, checkpoint)
    enhancer = getattr(model, 'enhancer', model)  # of EnhancerTraining
    settings = {k: cfg.model[k] for k in SETTINGS if k in cfg.model}
    for part in settings.values():
        if isinstance(part, dict):
            part.pop('init_cfg', None)
    plain = Config(settings).to_dict()
    save_enhancer(enhancer, out, **plain)
    return f'{out}: {out.stat().st_size:,} bytes, {plain}'


def export_detector_file(
    out: Path, config: str, checkpoint: str, picture: Optional[str], opset: int
) -> str:
    """Write a detector behind its front as ONNX; returns what to tell."""
    for name in ('mmcv', 'mmdet'):
        check_toolbox(name)  # before it is imported
    from mmdet.apis import init_detector

    from ruas_mm.apis.detector_export import export_detector
    from ruas_mm.models.pretrained import check_checkpoint, read_state

    read_state(checkpoint)  # a damaged one is told as such
    with building(config):
        detector = init_detector(config, checkpoint, device='cpu')
    check_checkpoint(detector, checkpoint)
    click.echo('exporting, then comparing: one to several minutes', err=True)
    boxes, scores = export_detector(detector, out, picture, opset)
    return (
        f'{out}: {type(detector).__name__}, opset {opset}, '
        f'{out.stat().st_size:,} bytes, boxes at most {boxes:.1e} pixels '
        f'and scores {scores:.1e} from mmdet'
    )


@click.command(
    epilog="""Examples:

    ruas-mm export ruas.onnx --enhancer ruas_a

    ruas-mm export mine.safetensors --config mine.py --checkpoint iter_9.pth

    ruas-mm export detector.onnx --config detector.py --checkpoint epoch_9.pth
    """
)
@click.argument('out', type=NamedPath())
@enhancer_option
@weights_option
@click.option(
    '--opset', default=17, show_default=True, help='13 to 17; .onnx alone.'
)
@click.option('--config', help='Of the training.')
@click.option('--checkpoint', help='Of the training.')
@click.option(
    '--picture',
    help='Of the size that a detector is for, to compare on; default: of any '
    'size, made up.',
)
@click.pass_context
def command(
    context: click.Context,
    out: Path,
    enhancer: str,
    weights: Optional[Path],
    opset: int,
    config: Optional[str],
    checkpoint: Optional[str],
    picture: Optional[str],
) -> None:
    """Write an enhancer, or a detector, into one file, OUT.

    .onnx: an enhancer by name, for pictures of any size, and for 'ruas-mm
    enhance --runtime onnx --weights OUT'. Inputs: 'input', RGB in [0, 1],
    float32 (N, 3, H, W), and 'strength', a float32 without dimensions;
    output: 'output'. Written only if ONNX Runtime gives what PyTorch gives.

    .onnx with --config and --checkpoint: a single-stage detector of mmdet
    with all that is in front of it, and what comes after. Input: 'picture',
    uint8 (H, W, 3), as cv2.imread gives it; outputs: 'boxes' in its pixels,
    'scores' and 'labels'. Written only if ONNX Runtime finds what mmdet
    finds.

    .safetensors: the enhancer that was trained, small and safe to hand on,
    for 'ruas-mm enhance --weights OUT'.
    """
    trained = config is not None and checkpoint is not None
    try:
        check_options(context, out, trained)
        if out.suffix == '.onnx' and config is checkpoint is None:
            line = export_onnx_file(out, enhancer, weights, opset)
        elif out.suffix == '.onnx' and trained:
            line = export_detector_file(
                out, config, checkpoint, picture, opset
            )
        elif out.suffix == '.safetensors' and trained:
            line = export_weight_file(out, config, checkpoint)
        else:
            raise ValueError(
                f'{out} with config={config}, checkpoint={checkpoint}, '
                'allowed: OUT.onnx without them or with both, '
                'OUT.safetensors with both'
            )
    except (ValueError, OSError, ToolboxError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(line)
