"""Turn a trained enhancer into a small file that is safe to hand on.

    python tools/export_weights.py CONFIG CHECKPOINT OUT.safetensors

The file holds tensors and the settings of the parts as JSON;
``tools/enhance.py --weights OUT.safetensors`` reads it.
"""

import argparse
from pathlib import Path

from host_options import run_tool
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint

from ruas_mm.registry import MODELS
from ruas_mm.weights import save_enhancer
from ruas_mm.weights.weight_file import SETTINGS


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('config', help='config it was trained with')
    parser.add_argument('checkpoint', help='its checkpoint')
    parser.add_argument('out', type=Path, help='file to write')
    args = parser.parse_args()
    cfg = Config.fromfile(args.config)
    init_default_scope(cfg.get('default_scope', 'mmengine'))
    enhancer = MODELS.build(cfg.model)
    load_checkpoint(enhancer, args.checkpoint, 'cpu', strict=True)
    settings = {k: cfg.model[k] for k in SETTINGS if k in cfg.model}
    for part in settings.values():
        if isinstance(part, dict):
            part.pop('init_cfg', None)
    plain = Config(settings).to_dict()
    save_enhancer(enhancer, args.out, **plain)
    print(f'{args.out}: {args.out.stat().st_size:,} bytes, {plain}')


if __name__ == '__main__':
    run_tool(main)
