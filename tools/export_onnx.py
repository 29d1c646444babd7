"""Export an enhancer to ONNX, for ``tools/enhance.py --runtime onnx``.

    python tools/export_onnx.py OUT.onnx --variant RUAS_A

Inputs of the file: 'input', RGB in [0, 1], float32 (N, 3, H, W), any size, and
'strength', a float32 without dimensions; output: 'output', as 'input'. It is
written only if ONNX Runtime gives what PyTorch gives.
"""

import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

from ruas_mm.apis.onnx_export import export_onnx
from ruas_mm.models import ZOO, load_enhancer
from ruas_mm.models.enhancers.ruas.variants import DEFAULT_VARIANT


def parse_args(
    arguments: Optional[Sequence[str]] = None,
) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('out', type=Path, help='file to write')
    parser.add_argument(
        '--variant',
        type=str.lower,
        choices=list(ZOO),
        default=DEFAULT_VARIANT.lower(),
        help='as in tools/enhance.py (%(default)s)',
    )
    parser.add_argument('--weights', help='file; default: of the package')
    parser.add_argument(
        '--opset', type=int, default=17, help='13 to 17 (%(default)s)'
    )
    return parser.parse_args(arguments)


def main(args: argparse.Namespace) -> None:
    enhancer = load_enhancer(args.variant, args.weights)
    difference = export_onnx(enhancer, args.out, args.opset)
    print(
        f'{args.out}: {args.variant}, opset {args.opset}, '
        f'{args.out.stat().st_size:,} bytes, at most {difference:.1e} from '
        'PyTorch'
    )


if __name__ == '__main__':
    try:
        main(parse_args())
    except (ValueError, OSError) as error:
        sys.exit(str(error))
