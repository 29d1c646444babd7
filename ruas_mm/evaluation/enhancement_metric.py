"""PSNR, SSIM and LPIPS of the picture as it would be saved."""

import logging
import math
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Union

import cv2
import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import MessageHub, MMLogger, print_log
from torch import Tensor

from ruas_mm.arguments import check_names
from ruas_mm.compatibility import ToolboxError, is_installed
from ruas_mm.evaluation.complexity import HUB_KEY
from ruas_mm.evaluation.lpips_alexnet import build_lpips, perceptual_distance
from ruas_mm.evaluation.split_title import split_title
from ruas_mm.registry import METRICS

SMALLEST_SIDE = {'PSNR': 1, 'SSIM': 7, 'LPIPS': 31}
"""Metric to the smallest height or width that it is defined for."""

DECIMALS = {'PSNR': 3, 'SSIM': 4, 'LPIPS': 4}


@METRICS.register_module()
class EnhancementMetric(BaseMetric):
    """Compare ``enhanced``, rounded to 8 bits, with ``gt``.

    PSNR and SSIM are scikit-image's (RGB, 7x7 window), LPIPS is version 0.1
    on AlexNet. The table also shows what
    :class:`~ruas_mm.engine.ComplexityHook` has found, if it runs.

    Results: ``enhancement/PSNR`` (dB), ``enhancement/SSIM``,
    ``enhancement/LPIPS``: means over the pictures. Two equal pictures have an
    infinite PSNR, and so has the mean. A picture whose smaller side is below
    :data:`SMALLEST_SIDE` has no such figure and is left out of that mean,
    which warns.

    Args:
        metric: Which figures; any of ``'PSNR'``, ``'SSIM'``, ``'LPIPS'``.
        lpips_weights: torchvision's AlexNet file; see
            :func:`~ruas_mm.evaluation.lpips_alexnet.build_lpips`. Without
            it LPIPS is left out, which warns once.
        gt_mean: Whether to report, besides, ``PSNR_gt_mean`` and so on: the
            output scaled so that its mean grey is the reference's, as in
            many publications. It needs the reference to be known, so it is
            never the figure itself.
        per_image: Whether the table has a row for each picture.
        **kwargs: Of ``mmengine.evaluator.BaseMetric``.

    Raises:
        ValueError: An unknown metric.
        ToolboxError: scikit-image is missing.
    """

    default_prefix = 'enhancement'

    def __init__(
        self,
        metric: Union[str, Sequence[str]] = ('PSNR', 'SSIM', 'LPIPS'),
        lpips_weights: Optional[str] = None,
        gt_mean: bool = False,
        per_image: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        names = check_names('metric', metric, tuple(SMALLEST_SIDE))
        if not is_installed('skimage'):
            raise ToolboxError(
                'EnhancementMetric needs scikit-image. Mend it with: '
                'pip install scikit-image'
            )
        self.metrics = names
        self.gt_mean = gt_mean
        self.per_image = per_image
        self.lpips = build_lpips(lpips_weights) if 'LPIPS' in names else None

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Measure each picture; only the figures are kept.

        Args:
            data_batch: Not used.
            data_samples: With ``enhanced``, float (3, H, W), RGB in [0, 1],
                and ``gt``, uint8 (3, H, W), RGB.

        Raises:
            ValueError: No ``gt``, another size, a value that is not finite.
        """
        self.results += [self._measure(sample) for sample in data_samples]

    def compute_metrics(self, results: List[dict]) -> Dict[str, float]:
        """Means over the pictures; logs one table."""
        names = [
            name
            for name in self._columns()
            if any(name in row for row in results)
        ]
        means = {name: _mean([row[name] for row in results]) for name in names}
        self._log_table(results, means)
        return means

    def _columns(self) -> List[str]:
        suffixes = ('', '_gt_mean') if self.gt_mean else ('',)
        return [name + suffix for suffix in suffixes for name in self.metrics]

    @torch.no_grad()
    def _measure(self, sample: dict) -> dict:
        path = sample.get('img_path', 'a picture')
        if 'gt' not in sample:
            raise ValueError(
                f'{path} has no reference to compare with; allowed: a data '
                'set of pairs (paired=True)'
            )
        enhanced, truth = sample['enhanced'], sample['gt']
        if enhanced.shape != truth.shape:
            raise ValueError(
                f'{path}: the output has shape {tuple(enhanced.shape)}, the '
                f'reference {tuple(truth.shape)}, allowed: equal shapes'
            )
        if not torch.isfinite(enhanced).all():
            raise ValueError(f'{path}: the output holds values not finite')
        output, truth = _to_array(enhanced.float()), _to_array(truth)
        row = dict(path=path, split_name=sample.get('split_name', ''))
        row.update(self._compare(output, truth, enhanced.device))
        if self.gt_mean:
            output = scale_to_mean(output, truth)
            figures = self._compare(output, truth, enhanced.device)
            row.update({f'{k}_gt_mean': v for k, v in figures.items()})
        return row

    def _compare(
        self, output: np.ndarray, truth: np.ndarray, device: torch.device
    ) -> Dict[str, float]:
        output = (output.clip(0, 1) * 255).round().astype(np.uint8)
        figures = {}
        for name in self.metrics:
            if name == 'LPIPS' and self.lpips is None:
                continue
            if min(truth.shape[:2]) < SMALLEST_SIDE[name]:
                height, width = truth.shape[:2]
                print_log(
                    f'a picture of {width}x{height} has no {name}, which '
                    f'needs {SMALLEST_SIDE[name]} pixels; it is left out of '
                    'the mean',
                    logger='current',
                    level=logging.WARNING,
                )
                figures[name] = math.nan
            elif name == 'LPIPS':
                figures[name] = perceptual_distance(
                    self.lpips, output, truth, device
                )
            else:
                figures[name] = _FIDELITY[name](output, truth)
        return figures

    def _log_table(self, results: List[dict], means: dict) -> None:
        names = (row['split_name'] for row in results)
        lines = [split_title(names, 'pictures')]
        lines += _complexity_lines()
        columns = self._columns()
        rows = [('picture', {name: name for name in columns})]
        if self.per_image:
            rows += [(Path(row['path']).name, row) for row in results]
        rows.append(('mean', means))
        widest = max(len(label) for label, _ in rows)
        for label, row in rows:
            cells = (_cell(row, name) for name in columns)
            lines.append(f'{label:<{widest}}  ' + '  '.join(cells))
        MMLogger.get_current_instance().info('\n' + '\n'.join(lines))


def scale_to_mean(output: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Scale a picture to the mean grey of another, then clip.

    Args:
        output: (H, W, 3), RGB in [0, 1]; an all black one stays.
        truth: (H, W, 3), RGB, uint8.
    """
    grey = cv2.cvtColor(output.astype(np.float32), cv2.COLOR_RGB2GRAY).mean()
    wanted = cv2.cvtColor(truth, cv2.COLOR_RGB2GRAY).mean() / 255
    return (output * (wanted / grey)).clip(0, 1) if grey > 0 else output


def _psnr(output: np.ndarray, truth: np.ndarray) -> float:
    from skimage.metrics import peak_signal_noise_ratio

    if np.array_equal(output, truth):
        return math.inf
    return float(peak_signal_noise_ratio(truth, output))


def _ssim(output: np.ndarray, truth: np.ndarray) -> float:
    from skimage.metrics import structural_similarity

    return float(structural_similarity(truth, output, channel_axis=-1))


_FIDELITY = {'PSNR': _psnr, 'SSIM': _ssim}


def _to_array(tensor: Tensor) -> np.ndarray:
    """(3, H, W) tensor to a contiguous (H, W, 3) array."""
    return np.ascontiguousarray(tensor.cpu().numpy().transpose(1, 2, 0))


def _mean(values: List[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def _complexity_lines() -> List[str]:
    found = MessageHub.get_current_instance().get_info(HUB_KEY)
    if not found:
        return []
    height, width = found['shape']
    time = found['milliseconds']
    return [
        f'{found["parameters"]:,} parameters, '
        f'{found["macs"] / 1e9:.3f} G multiply-adds at {width}x{height}, '
        + (f'{time:.1f} ms a picture' if time else 'time not measured')
    ]


def _cell(row: dict, name: str) -> str:
    value = row.get(name, '-')
    if not isinstance(value, str):
        value = f'{value:.{DECIMALS[name.split("_")[0]]}f}'
    return f'{value:>{max(len(name), 7)}}'
