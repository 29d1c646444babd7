"""Scene module Psi_s: Retinex unrolling that turns the light on.

Paper: Learning with Nested Scene Modeling and Cooperative Architecture Search
for Low-Light Vision, Eq. (3)-(4), warm start and residual rectification of
Sec. 5.1, Fig. 3. https://arxiv.org/abs/2112.04719

Differs from the paper: the defaults are those of the authors' release, which
their weights need (``update='sigmoid'``, window 2x2, rectification of the
reflectance); ``SceneModule(**PAPER_FORM)`` is the paper's form. ``strength``,
``shrink``, ``illumination_channels`` and tones other than division are ours.
"""

from functools import partial
from typing import (
    Callable,
    Iterable,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

import torch
import torch.nn as nn
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from ruas_mm.arguments import (
    check_choice,
    check_interval,
    check_strength,
    check_whole_number,
)
from ruas_mm.models.architecture import (
    SearchedPart,
    cell_alphas,
    runnable_cells,
)
from ruas_mm.models.cells import LOW_LEVEL_OPERATIONS, DistillationCell
from ruas_mm.models.cells.genotype import SCENE_ENHANCEMENT
from ruas_mm.models.cpu_layout import to_fast_layout
from ruas_mm.models.enhancers.base import Enhancer
from ruas_mm.models.lit import Lit, lit_at_once, lit_in_strips
from ruas_mm.models.low_resolution import Raised, shrunk
from ruas_mm.models.precision import full_precision
from ruas_mm.models.tiling import tile_size, tiled
from ruas_mm.models.tone import Strength, build_tone
from ruas_mm.models.video_memory import VideoMemory
from ruas_mm.models.window_maximum import window_maximum
from ruas_mm.registry import MODELS

UPDATES = ('sigmoid', 'residual')
WARM_STARTS = ('fixed', 'unrectified', 'rectified', 'detector')
WARM_START_SOURCES = ('reflectance', 'illumination')
Cell = Callable[[Tensor], Tensor]

PAPER_FORM = dict(
    update='residual', warm_start_source='illumination', window=3
)
"""Eq. (3) and Sec. 5.1 as printed; keyword arguments of SceneModule."""


class SceneOutput(NamedTuple):
    """What each of the K stages found, in order.

    Attributes:
        reflectances: u^1 .. u^K, ``y / t`` in [0, 1], each (N, 3, H, W).
        illuminations: t^1 .. t^K, in ``illumination_range``, same shape.
    """

    reflectances: Tuple[Tensor, ...]
    illuminations: Tuple[Tensor, ...]


@MODELS.register_module()
class SceneModule(SearchedPart, Enhancer):
    """K stages of ``t = t_hat - grad g(t_hat)``, ``u = y / t``.

    An enhancer (:class:`~ruas_mm.models.enhancers.Enhancer`) that also tells
    its illumination.

    Args:
        genotype: Seven operations of Table 1 for the cell of each stage; the
            default is the released enhancement network (387 parameters a
            stage). None: the supernet, with all low-level operations at
            once and ``alphas`` that the stages share (their weights are
            their own).
        num_stages: K. 3: Table 2.
        update: How a cell C moves the illumination: ``'sigmoid'``,
            ``t = sigmoid(C(t_hat))`` (release), or ``'residual'``,
            ``t = t_hat - C(t_hat)`` (paper, Eq. (3)).
        warm_start: Where t_hat of a later stage comes from (Fig. 3), with m
            the window maximum of ``warm_start_source``: ``'fixed'``, the
            first stage's; ``'unrectified'``, m; ``'rectified'``,
            ``m - gamma (u - y)``; ``'detector'``, u itself (release).
        warm_start_source: ``'reflectance'`` (u, release) or
            ``'illumination'`` (t, paper).
        gamma: Weight of the residual rectification, in [0, 1].
            0.5: release.
        window: Side of the region Omega of the maximum, in pixels. 2:
            release, the pixel and its right and lower neighbours; an odd
            side is centred, as in the paper.
        illumination_range: Lowest and highest t; keeps y / t finite.
            (1e-4, 1): journal release; the CVPR 2021 one has (1e-3, 1).
        strength: In [0, 1]; 0 gives the input back, 1 the full result. By
            division the result is ``y / t^K ** strength``.
        shrink: By how much the picture is shrunk for the cells; t is raised
            again along its edges (``models/low_resolution.py``). 1: paper.
        illumination_channels: 3, or 1 for an illumination that the channels
            share, which keeps colours. 3: paper.
        tone: How y and t^K become the result: a name or config of
            :data:`~ruas_mm.models.tone.TONES`. ``'division'``: paper.
            ``strength`` multiplies the tone's.
        with_cp: Recompute a stage's activations in the backward pass instead
            of keeping them.
        init_cfg: See :class:`~ruas_mm.models.pretrained.PretrainedModule`.

    Raises:
        ValueError: An argument is outside what is allowed.
    """

    searched_operations = LOW_LEVEL_OPERATIONS

    def __init__(
        self,
        genotype: Optional[Sequence[str]] = SCENE_ENHANCEMENT,
        num_stages: int = 3,
        update: str = 'sigmoid',
        warm_start: str = 'rectified',
        warm_start_source: str = 'reflectance',
        gamma: float = 0.5,
        window: int = 2,
        illumination_range: Tuple[float, float] = (1e-4, 1.0),
        strength: float = 1.0,
        shrink: int = 1,
        illumination_channels: int = 3,
        tone: Union[str, dict] = 'division',
        with_cp: bool = False,
        init_cfg: dict = None,
    ) -> None:
        super().__init__(init_cfg)
        check_choice('update', update, UPDATES)
        check_choice('warm_start', warm_start, WARM_STARTS)
        check_choice(
            'warm_start_source', warm_start_source, WARM_START_SOURCES
        )
        check_interval('gamma', gamma, 0, 1)
        check_interval('strength', strength, 0, 1)
        check_choice('illumination_channels', illumination_channels, (1, 3))
        check_whole_number('shrink', shrink, 1)
        check_whole_number('num_stages', num_stages, 1)
        check_whole_number('window', window, 1)
        low, high = illumination_range
        if not 0 < low < high <= 1:
            raise ValueError(
                f'illumination_range={illumination_range}, '
                'allowed: 0 < lowest < highest <= 1'
            )
        self.update = update
        self.warm_start = warm_start
        self.warm_start_source = warm_start_source
        self.gamma = gamma
        self.window = window
        self.illumination_range = (low, high)
        self.strength = strength
        self.shrink = shrink
        self.illumination_channels = illumination_channels
        self.tone = build_tone(tone)
        self.with_cp = with_cp
        self.stages = nn.ModuleList(
            DistillationCell(genotype, channels=3) for _ in range(num_stages)
        )
        self.alphas = cell_alphas(genotype)

    @property
    def radius(self) -> int:
        """How far away a pixel can change t^K, in pixels."""
        return sum(self.window // 2 + stage.radius for stage in self.stages)

    def start_small(self) -> None:
        """Let training start without a colour cast.

        t is about .5 everywhere (``'sigmoid'``) or t_hat (``'residual'``).
        """
        for cell in self.stages:
            cell.fuse.weight.data.mul_(0.1)
            cell.fuse.bias.data.zero_()

    def forward(self, y: Tensor) -> Tensor:
        """Enhance.

        Args:
            y: RGB in [0, 1], (N, 3, H, W), any size.

        Returns:
            u^K, RGB in [0, 1], same shape, float32 also under autocast.

        Raises:
            ValueError: Not a floating point (N, 3, H, W) tensor, or testing
                with a checkpoint that holds no scene module.
        """
        return self.lit(y, plainly=True).u

    def unroll(self, y: Tensor) -> SceneOutput:
        """Eq. (3) as it stands, stage by stage, without shrinking or tone.

        Args:
            y: As in :meth:`forward`.

        Returns:
            One reflectance and one illumination a stage, float32.
        """
        y = self._prepare(y)
        # 1 / t squared, in the backward pass, overflows half precision
        with full_precision(y):
            cells = runnable_cells(self.stages, self.alphas)
            return self._unroll(y, cells)

    @torch.no_grad()
    def enhance(
        self,
        y: Tensor,
        strength: Optional[float] = None,
        tile: Optional[int] = None,
        memory: Optional[VideoMemory] = None,
    ) -> Tensor:
        """:meth:`forward` for inference: same result, faster.

        Folded cells, and one strip of the picture after another, so that
        what is computed next still lies in the cache.

        Args:
            y: As in :meth:`forward`.
            strength: In the place of the module's own.
            tile: Largest side of what is computed at once, in pixels; None
                takes strips on a CPU and the whole picture elsewhere.
            memory: Of the video whose next frame ``y`` is, (1, 3, H, W).

        Returns:
            u^K.
        """
        return self.decompose(y, strength, tile, memory)[0]

    def decompose(
        self,
        y: Tensor,
        strength: Optional[float] = None,
        tile: Optional[int] = None,
        memory: Optional[VideoMemory] = None,
    ) -> Tuple[Tensor, Tensor]:
        """u^K and t^K; arguments as of :meth:`enhance`.

        Differentiable where gradients are on (then in one piece), otherwise
        as fast as :meth:`enhance`.
        """
        check_strength(strength)
        if tile is not None:
            check_whole_number('tile', tile, 1)
        plainly = torch.is_grad_enabled()
        lit = self.lit(y, strength, tile, plainly, memory=memory)
        return lit.u, lit.t

    def lit(
        self,
        y: Tensor,
        strength: Optional[Strength] = None,
        tile: Optional[int] = None,
        plainly: bool = False,
        metered: Optional[Strength] = None,
        memory: Optional[VideoMemory] = None,
    ) -> Lit:
        """u^K, t^K and the strength of the tone that was used.

        Args:
            y: As in :meth:`forward`.
            strength: As in :meth:`enhance`.
            tile: The same.
            plainly: Without tiles and folded cells; differentiable.
            metered: Strength of the tone, in the place of what the picture
                itself needs; (N, 1, 1, 1).
            memory: As in :meth:`enhance`.
        """
        y = self._prepare(y)
        if memory is not None:
            memory.see(y)
        with full_precision(y):
            seen = to_fast_layout(shrunk(y, self.shrink))
            t = self._illumination_of(seen, tile, plainly)
            if self.illumination_channels == 1:
                t = t.mean(1, keepdim=True)
            t = Raised(y, seen, t, self.shrink, self.illumination_range)
            if metered is None:
                metered = self._metered(seen, t, memory)
            strength = self.strength if strength is None else strength
            turn_on = lit_at_once if plainly else lit_in_strips
            lit = turn_on(y, t, self.tone, strength * metered)
            return lit if memory is None else lit._replace(memory=memory)

    def _illumination_of(
        self, seen: Tensor, tile: Optional[int], plainly: bool
    ) -> Tensor:
        if not plainly:
            return self.illumination(seen, tile)
        cells = runnable_cells(self.stages, self.alphas)
        return self._unroll(seen, cells).illuminations[-1]

    def _metered(
        self, seen: Tensor, t: Raised, memory: Optional[VideoMemory]
    ) -> Strength:
        metered = self.tone.meter(seen, t.seen, self.shrink)
        if memory is None or not isinstance(metered, Tensor):
            return metered
        return memory.strength(metered)

    def illumination(self, y: Tensor, tile: Optional[int] = None) -> Tensor:
        """t^K of what the cells see, folded and in tiles; see :meth:`enhance`.

        Stage after stage: the margin of a tile is that of one stage, a third
        of what all of them together would need.
        """
        maps = (y,)
        cells = runnable_cells(self.stages, self.alphas, for_inference=True)
        for stage, cell in zip(self.stages, cells):
            t = tiled(
                partial(self._stage, cell),
                *maps,
                tile=tile_size(y, tile),
                radius=self.window // 2 + stage.radius,
            )
            maps = (y, t)
        return t

    @staticmethod
    def relight(y: Tensor, t: Tensor) -> Tensor:
        """``y / t`` in [0, 1], Eq. (3)."""
        return (y / t).clamp_(0, 1)

    def _prepare(self, y: Tensor) -> Tensor:
        if y.dim() != 4 or y.shape[1] != 3 or not y.is_floating_point():
            raise ValueError(
                f'y has shape {tuple(y.shape)} and {y.dtype}, '
                'allowed: (N, 3, H, W), floating point, '
                'RGB in [0, 1]'
            )
        self.check_ready()
        y = y.to(self.stages[0].fuse.weight.dtype)
        # what the cells do not see is best kept in planes
        return to_fast_layout(y) if self.shrink == 1 else y.contiguous()

    def _unroll(self, y: Tensor, cells: Iterable[Cell]) -> SceneOutput:
        reflectances, illuminations = [], []
        t = u = None  # before the first stage nothing is known
        for cell in cells:
            t = self._stage(cell, y, t, u)
            u = self.relight(y, t)
            reflectances.append(u)
            illuminations.append(t)
        return SceneOutput(tuple(reflectances), tuple(illuminations))

    def _stage(
        self,
        cell: Cell,
        y: Tensor,
        t: Optional[Tensor] = None,
        u: Optional[Tensor] = None,
    ) -> Tensor:
        """t of one stage; ``t`` and u = y / t are of the one before."""
        if t is None or self.warm_start == 'fixed':
            t_hat = window_maximum(y, self.window)
        else:
            u = self.relight(y, t) if u is None else u
            t_hat = self._warm_start(y, t, u)
        return self._illumination(cell, t_hat)

    def _warm_start(self, y: Tensor, t: Tensor, u: Tensor) -> Tensor:
        """t_hat of a later stage (Sec. 5.1)."""
        if self.warm_start == 'detector':
            return u
        source = u if self.warm_start_source == 'reflectance' else t
        t_hat = window_maximum(source, self.window)
        if self.warm_start == 'rectified':
            t_hat = t_hat - self.gamma * (u - y)
        return t_hat

    def _illumination(self, cell: Cell, t_hat: Tensor) -> Tensor:
        if self.with_cp and torch.is_grad_enabled():
            gradient = checkpoint(cell, t_hat, use_reentrant=False)
        else:
            gradient = cell(t_hat)
        t = (
            gradient.sigmoid()
            if self.update == 'sigmoid'
            else t_hat - gradient
        )
        return t.clamp(*self.illumination_range)
