"""The paper's order of training in one run: scene, estimator, remover.

Paper: Sec. 5.1, "connecting these two task-related modules".
https://arxiv.org/abs/2112.04719
"""

from typing import Dict

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from ruas_mm.registry import HOOKS


@HOOKS.register_module()
class StagedTrainingHook(Hook):
    """Train one part of a :class:`LowLightEnhancer` after the other.

    Which part is trained follows from the iteration alone, so a resumed run
    goes on where it was. Parts that are not trained get no gradient;
    several processes need ``find_unused_parameters=True``.

    Args:
        iterations: Part (``'scene'``, ``'noise_estimator'``,
            ``'noise_remover'``) to how many iterations, in order. The last
            part is trained until the run ends.

    Raises:
        ValueError: No part, or a number that is not positive.
    """

    priority = 'NORMAL'

    def __init__(self, iterations: Dict[str, int]) -> None:
        if not iterations or min(iterations.values()) < 1:
            raise ValueError(
                f'iterations={iterations}, allowed: part to a number >= 1'
            )
        self.iterations = dict(iterations)

    def before_train_iter(self, runner: Runner, *args, **kwargs) -> None:
        """Switch to the part of this iteration."""
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        part = self.part_at(runner.iter)
        if part != model.trained_part:
            model.train_only(part)
            runner.logger.info(f'iteration {runner.iter}: training {part}')

    def part_at(self, iteration: int) -> str:
        """Part that is trained at an iteration (from 0)."""
        for part, length in self.iterations.items():
            if iteration < length:
                return part
            iteration -= length
        return part
