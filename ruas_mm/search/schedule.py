"""Which part is searched when: the loops of Algorithm 1, and Table 4.

Paper: Sec. 4.2, Algorithm 1 (steps 2, 4 and 9), Table 4.
https://arxiv.org/abs/2112.04719

Differs from the paper: its loops end "when converged", here after given
lengths.
"""

from typing import Dict, Optional

from ruas_mm.arguments import check_choice

STRATEGIES = ('cooperative', 'independent', 'global')
SEARCHED_PARTS = ('scene', 'task')


class SearchSchedule:
    """The part of the network that is on, by epoch or iteration alone.

    Args:
        strategy: ``'cooperative'``, a scene phase and a task phase, again and
            again (Algorithm 1); ``'independent'``, the scene's search first,
            then the task's ("one by one", Table 4); ``'global'``, both at
            once.
        phases: Lengths of a ``scene`` and a ``task`` phase; for
            ``'independent'`` the ratio of the two.
        total: Length of the whole search.
        warm_up: How long the alphas are kept as they are in the beginning,
            while the weights are trained.

    Raises:
        ValueError: Unknown strategy, lengths out of range, or too short a
            search for both phases.
    """

    def __init__(
        self,
        strategy: str,
        phases: Dict[str, int],
        total: int,
        warm_up: int = 0,
    ) -> None:
        check_choice('strategy', strategy, STRATEGIES)
        if set(phases) != set(SEARCHED_PARTS) or min(phases.values()) < 1:
            raise ValueError(
                f'phases={dict(phases)}, allowed: lengths >= 1 of '
                f'{SEARCHED_PARTS}'
            )
        if not 0 <= warm_up < total:
            raise ValueError(
                f'warm_up={warm_up}, allowed: 0 to less than the '
                f'{total} epochs or iterations of the search'
            )
        scene, task = (phases[part] for part in SEARCHED_PARTS)
        self.strategy = strategy
        self.warm_up = warm_up
        self.scene_length = scene
        self.cycle = scene + task
        if strategy == 'independent':
            self.cycle = total
            self.scene_length = round(total * scene / (scene + task))
        searched = {self.part_at(step) for step in range(warm_up, total)}
        still = set(SEARCHED_PARTS) - searched
        if strategy != 'global' and still:
            raise ValueError(
                f'phases={dict(phases)}, warm_up={warm_up}: the search ends '
                f'after {total}, and the alphas of {sorted(still)} have never '
                'moved; allowed: shorter ones, or a longer search'
            )

    def part_at(self, step: int) -> str:
        """``'scene'``, ``'task'`` or ``'end_to_end'``; ``step`` from 0."""
        if self.strategy == 'global':
            return 'end_to_end'
        in_scene = step % self.cycle < self.scene_length
        return 'scene' if in_scene else 'task'

    def moves_alphas(self, step: int) -> bool:
        """Whether the warm-up is over."""
        return step >= self.warm_up

    def weight_of_task(self, part: str, beta: float) -> Optional[float]:
        """beta of Eq. (7) in a phase; None: l_t alone is looked at."""
        if part == 'task':
            return None
        return 0.0 if self.strategy == 'independent' else beta
