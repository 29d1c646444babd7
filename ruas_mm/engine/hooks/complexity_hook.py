"""Parameters, multiply-adds and time of the network that is tested."""

import time
from typing import Optional, Tuple

import torch
import torch.nn as nn
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ruas_mm.arguments import check_whole_number
from ruas_mm.evaluation.complexity import HUB_KEY, count_macs, count_parameters
from ruas_mm.models.unwrap import unwrap_model
from ruas_mm.registry import HOOKS


@HOOKS.register_module()
class ComplexityHook(Hook):
    """Measure while testing; EnhancementMetric prints it.

    Both begin at the preprocessor, so that a scene module in it counts. The
    time is that of the pictures of the data set (loading and metrics are left
    out), the multiply-adds are those of
    :func:`~ruas_mm.evaluation.complexity.count_macs`. The figures are the
    message hub's info :data:`~ruas_mm.evaluation.complexity.HUB_KEY`: a dict
    of ``parameters``, ``macs``, ``shape`` and ``milliseconds`` (a picture;
    None before anything was measured).

    Args:
        shape: Height and width for the multiply-adds. (400, 600): LOL.
        warmup: How many first iterations are not timed. 1: counting has run
            the network once before.

    Raises:
        ValueError: A side that is not positive, a negative ``warmup``.
    """

    def __init__(
        self, shape: Tuple[int, int] = (400, 600), warmup: int = 1
    ) -> None:
        if len(shape) != 2 or min(shape) < 1:
            raise ValueError(f'shape={shape}, allowed: (height, width)')
        check_whole_number('warmup', warmup, 0)
        self.shape = tuple(shape)
        self.warmup = warmup
        self._figures: dict = {}
        self._stopwatch: Optional[_Stopwatch] = None

    def before_val(self, runner: Runner) -> None:
        """Count (once), and start to measure the time."""
        self.after_val(runner)
        model = unwrap_model(runner.model)
        if not self._figures:
            self._figures = dict(
                parameters=count_parameters(model),
                macs=count_macs(model, self.shape),
                shape=self.shape,
            )
        self._stopwatch = _Stopwatch(model, self.warmup)
        self._publish(runner)

    def after_val_iter(self, runner: Runner, *args, **kwargs) -> None:
        """Hand the time on, for the metric may be computed next."""
        self._publish(runner)

    def after_val(self, runner: Runner) -> None:
        """Stop."""
        if self._stopwatch is not None:
            self._stopwatch.remove()
            self._stopwatch = None

    def _publish(self, runner: Runner) -> None:
        time_spent = dict(milliseconds=self._stopwatch.milliseconds)
        runner.message_hub.update_info(
            HUB_KEY, {**self._figures, **time_spent}, resumed=False
        )

    before_test = before_val
    after_test_iter = after_val_iter
    after_test = after_val


class _Stopwatch:
    """Time from the preprocessor to the list of samples that a model gives."""

    def __init__(self, model: nn.Module, warmup: int) -> None:
        self._skip = warmup
        self._seconds = self._pictures = 0
        self._handles = (
            model.data_preprocessor.register_forward_pre_hook(self._start),
            model.register_forward_hook(self._stop),
        )

    @property
    def milliseconds(self) -> Optional[float]:
        """For a picture; None before there was one."""
        if not self._pictures:
            return None
        return 1000 * self._seconds / self._pictures

    def remove(self) -> None:
        for handle in self._handles:
            handle.remove()

    def _start(self, preprocessor: nn.Module, args: tuple) -> None:
        _wait_for_device()
        self._started = time.perf_counter()

    def _stop(self, model: nn.Module, args: tuple, samples: list) -> None:
        _wait_for_device()
        if self._skip:
            self._skip -= 1
            return
        self._seconds += time.perf_counter() - self._started
        self._pictures += len(samples)


def _wait_for_device() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
