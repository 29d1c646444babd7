"""The paper's order of training in one run: scene, estimator, remover.

Paper: Sec. 5.1, "connecting these two task-related modules".
https://arxiv.org/abs/2112.04719
"""

from typing import Dict

from mmengine.hooks import Hook
from mmengine.runner import Runner

from ruas_mm.models.unwrap import unwrap_model
from ruas_mm.registry import HOOKS


@HOOKS.register_module()
class PhasedTrainingHook(Hook):
    """Train one part of a :class:`LowLightEnhancer` after the other.

    A phase is a stretch of time in which one part is trained. Which one
    follows from the iteration alone, so a resumed run goes on where it was.
    Parts that are not trained get no gradient; several processes need
    ``find_unused_parameters=True``.

    The lengths stand here once; ``configs/_base_/ruas.py`` shows how a config
    takes the length of the run and the descents of the learning rate from
    them.

    Args:
        phases: Part (``'scene'``, ``'noise_estimator'``,
            ``'noise_remover'``) to how many iterations, in order.

    Raises:
        ValueError: No part, or a number that is not positive; when the run
            begins, phases that end before it. A run that is cut short warns.
    """

    priority = 'NORMAL'

    def __init__(self, phases: Dict[str, int]) -> None:
        if not phases or min(phases.values()) < 1:
            raise ValueError(
                f'phases={phases}, allowed: part to a number >= 1'
            )
        self.phases = dict(phases)

    def before_train(self, runner: Runner) -> None:
        """Hold the phases against the length of the run."""
        total = sum(self.phases.values())
        if total < runner.max_iters:
            raise ValueError(
                f'phases={self.phases} end after {total} iterations, the run '
                f'after {runner.max_iters}, allowed: '
                f'train_cfg.max_iters={total}'
            )
        if total > runner.max_iters:
            runner.logger.warning(
                f'the run ends after {runner.max_iters} iterations, before '
                f'the phases {self.phases} do'
            )

    def before_train_iter(self, runner: Runner, *args, **kwargs) -> None:
        """Switch to the part of this iteration."""
        model = unwrap_model(runner.model)
        part = self.part_at(runner.iter)
        if part != model.trained_part:
            model.train_only(part)
            runner.logger.info(f'iteration {runner.iter}: training {part}')

    def part_at(self, iteration: int) -> str:
        """Part that is trained at an iteration (from 0)."""
        for part, length in self.phases.items():
            if iteration < length:
                return part
            iteration -= length
        return part
