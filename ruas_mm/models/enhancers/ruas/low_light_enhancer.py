"""RUAS for the low-level task: light on, noise off.

Paper: Sec. 5.1, Fig. 2 (a), Table 5 (RUAS_S, RUAS, RUAS_A); training orders
of Sec. 3.3 and 5.1. https://arxiv.org/abs/2112.04719

Differs from the paper: each picture of a batch passes the noise gate on its
own; ``strength`` also weakens noise removal, so that 0 gives the input back.
"""

from typing import Dict, List, Optional, Tuple, Union

import torch
from mmengine.model import BaseModel
from mmengine.structures import BaseDataElement
from torch import Tensor

from ruas_mm.models.cells.genotype import (
    NOISE_REMOVAL_CVPR21,
    NOISE_REMOVAL_JOURNAL,
)
from ruas_mm.models.same_size import map_by_size
from ruas_mm.models.tiling import tile_size, tiled
from ruas_mm.registry import MODELS

VARIANTS = ('RUAS_S', 'RUAS', 'RUAS_A')
STAGES = ('scene', 'noise_estimator', 'noise_remover', 'task', 'end_to_end')
NOISE_PARTS = ('noise_estimator', 'noise_remover')
REMOVAL_GENOTYPES = dict(
    RUAS=NOISE_REMOVAL_CVPR21, RUAS_A=NOISE_REMOVAL_JOURNAL
)


@MODELS.register_module()
class LowLightEnhancer(BaseModel):
    """Scene module, and behind it noise removal.

    ``'RUAS_S'`` is the scene module alone; ``'RUAS'`` also removes noise from
    every picture; ``'RUAS_A'`` estimates the noise first and removes it where
    there is enough of it.

    Args:
        variant: ``'RUAS_S'``, ``'RUAS'`` or ``'RUAS_A'``.
        scene: Arguments of :class:`SceneModule`.
        noise_remover: Arguments of :class:`NoiseRemover`. The genotype is the
            one released for the variant: CVPR 2021 for RUAS, journal for
            RUAS_A.
        noise_estimator: Arguments of :class:`NoiseEstimator`.
        noise_threshold: Noise score (mean of |theta|) from which on RUAS_A
            removes noise. 0.035: release.
        stage: What is trained: ``'scene'``, ``'noise_estimator'`` or
            ``'noise_remover'`` alone, the paper's order, ``'task'``, both of
            the latter, or ``'end_to_end'``. What is not trained gets no
            gradient.
        scene_loss: Config of the loss of the scene module.
        noise_loss: Config of the loss of estimator and remover.
        data_preprocessor: Config; default
            :class:`EnhancementDataPreprocessor`.
        init_cfg: As in MMEngine.

    Raises:
        ValueError: Unknown variant or stage, a stage that the variant does
            not have, or arguments of a part that it does not have.
    """

    def __init__(
        self,
        variant: str = 'RUAS_A',
        scene: Optional[dict] = None,
        noise_remover: Optional[dict] = None,
        noise_estimator: Optional[dict] = None,
        noise_threshold: float = 0.035,
        stage: str = 'end_to_end',
        scene_loss: Optional[dict] = None,
        noise_loss: Optional[dict] = None,
        data_preprocessor: Optional[dict] = None,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(
            data_preprocessor
            or dict(type='ruas_mm.EnhancementDataPreprocessor'),
            init_cfg,
        )
        if variant not in VARIANTS:
            raise ValueError(f'variant={variant!r}, allowed: {VARIANTS}')
        self.variant = variant
        self.scene = _build('SceneModule', scene)
        self.noise_remover = self.noise_estimator = None
        if variant != 'RUAS_S':
            genotype = dict(genotype=REMOVAL_GENOTYPES[variant])
            self.noise_remover = _build(
                'NoiseRemover', {**genotype, **(noise_remover or {})}
            )
        elif noise_remover is not None:
            raise ValueError('noise_remover is not part of RUAS_S')
        if variant == 'RUAS_A':
            self.noise_estimator = _build('NoiseEstimator', noise_estimator)
        elif noise_estimator is not None:
            raise ValueError(f'noise_estimator is not part of {variant}')
        if self.noise_estimator is None and getattr(
            self.noise_remover, 'noise_map', False
        ):
            raise ValueError('noise_map=True needs the estimator of RUAS_A')
        self.noise_threshold = noise_threshold
        self.scene_loss = _build('SceneLoss', scene_loss)
        self.noise_loss = _build('NoiseAsCleanLoss', noise_loss)
        self.train_only(stage)

    def train_only(self, stage: str) -> None:
        """Choose what is trained; see ``stage`` of the class.

        Raises:
            ValueError: The variant has no such part.
        """
        allowed = [
            s
            for s in STAGES
            if getattr(self, s, self.scene) is not None
            and (s != 'task' or self.variant != 'RUAS_S')
        ]
        if stage not in allowed:
            raise ValueError(
                f'stage={stage!r}, allowed for {self.variant}: {allowed}'
            )
        self.stage = stage
        self.requires_grad_(stage == 'end_to_end')
        for part in ('scene', *NOISE_PARTS):
            if self._trains(part):
                getattr(self, part).requires_grad_(True)

    def enhance(
        self,
        x: Tensor,
        strength: Optional[float] = None,
        tile: Optional[int] = None,
    ) -> Tensor:
        """Enhance pictures; for inference, without gradients.

        Args:
            x: RGB in [0, 1], (N, 3, H, W), any size.
            strength: In [0, 1], 0 gives the input back; None is the scene
                module's own.
            tile: Largest side of what a network sees at once, in pixels; the
                result is the same up to rounding. None: as large as is fast.

        Returns:
            RGB in [0, 1], same shape.

        Raises:
            ValueError: Input of another kind, or an argument out of range.
        """
        check_strength(strength)
        check_tile(tile)
        with torch.no_grad():
            u, _ = self.scene.enhance(x, strength, tile)
            if self.noise_remover is None:
                return u
            size = tile_size(u, tile)
            if self.noise_estimator is None:
                return self._remove_in_tiles(u, None, strength, size)
            theta = tiled(
                self.noise_estimator,
                u,
                tile=size,
                radius=self.noise_estimator.radius,
            )
            # also where no picture needs it
            self.noise_remover.weights.check_ready(self.noise_remover)
            for i in self._is_noisy(theta).nonzero().flatten().tolist():
                u[i : i + 1] = self._remove_in_tiles(
                    u[i : i + 1], theta[i : i + 1], strength, size
                )
            return u

    def _remove_in_tiles(
        self,
        u: Tensor,
        theta: Optional[Tensor],
        strength: Optional[float],
        size: Optional[Tuple[int, int]],
    ) -> Tensor:
        noise = tiled(
            self.noise_remover.find_noise,
            *([u] if theta is None else [u, theta]),
            tile=size,
            radius=self.noise_remover.radius,
        )
        return self._denoise(u, noise, strength)

    def _denoise(
        self,
        u: Tensor,
        noise: Tensor,
        strength: Optional[Union[float, Tensor]],
    ) -> Tensor:
        if strength is None:
            strength = self.scene.strength
        return (u - strength * noise).clamp_(0, 1)

    def _is_noisy(self, theta: Tensor) -> Tensor:
        """The gate: which pictures of a batch get denoised, (N,)."""
        return self.noise_estimator.score(theta) >= self.noise_threshold

    def forward(
        self,
        inputs: Union[Tensor, List[Tensor]],
        data_samples: Optional[List[BaseDataElement]] = None,
        mode: str = 'tensor',
    ) -> Union[Tensor, Dict[str, Tensor], List[BaseDataElement]]:
        """MMEngine's three modes.

        Args:
            inputs: RGB in [0, 1], (N, 3, H, W) or a list of (3, H, W); for
                ``'loss'`` of one size.
            data_samples: One for each picture, or None.
            mode: ``'tensor'``, ``'loss'`` or ``'predict'``.

        Returns:
            ``'tensor'``: the enhanced pictures, plainly computed (for export
            and for counting); ``'loss'``: losses; ``'predict'``: the data
            samples with a field ``enhanced``, RGB in [0, 1], (3, H, W).

        Raises:
            ValueError: Unknown mode.
        """
        if mode == 'predict':
            return self.predict(list(inputs), data_samples)
        if not isinstance(inputs, Tensor):
            inputs = torch.stack(inputs)
        if mode == 'loss':
            return self.loss(inputs)
        if mode == 'tensor':
            return self.plain(inputs)
        raise ValueError(
            f"mode={mode!r}, allowed: 'tensor', 'loss', 'predict'"
        )

    def plain(
        self, y: Tensor, strength: Optional[Union[float, Tensor]] = None
    ) -> Tensor:
        """Like :meth:`enhance`, without tiles and folded cells.

        Autograd, tracing and counting see each part once.
        """
        scene = self.scene
        t = scene(y).illuminations[-1]
        u = scene.relight(y, t, scene.exponent(y, t, strength))
        if self.noise_remover is None:
            return u
        if self.noise_estimator is None:
            return self._denoise(u, self.noise_remover(u), strength)
        theta = self.noise_estimator(u)
        x = self._denoise(u, self.noise_remover(u, theta), strength)
        return torch.where(self._is_noisy(theta)[:, None, None, None], x, u)

    def predict(
        self,
        inputs: List[Tensor],
        data_samples: Optional[List[BaseDataElement]] = None,
    ) -> List[BaseDataElement]:
        """Enhance pictures of any sizes; see :meth:`forward`."""
        if data_samples is None:
            data_samples = [BaseDataElement() for _ in inputs]
        if len(data_samples) != len(inputs):
            raise ValueError(
                f'{len(data_samples)} data_samples, allowed: one for each '
                f'of the {len(inputs)} inputs'
            )
        results = map_by_size(lambda x: (self.enhance(x),), inputs)
        for sample, (enhanced,) in zip(data_samples, results):
            sample.enhanced = enhanced
        return data_samples

    def loss(self, y: Tensor) -> Dict[str, Tensor]:
        """Losses of what is trained."""
        losses = {}
        if self._trains('scene'):
            losses.update(self.scene_loss(y, self.scene(y)))
        if self.stage == 'scene' or self.noise_remover is None:
            return losses
        lit = [self._light_on(dark) for dark in self.noise_loss.pictures(y)]
        if self._trains('noise_estimator'):
            losses['loss_estimation'] = self.noise_loss(
                lambda u: u - self.noise_estimator(u), *lit
            )
        if self._trains('noise_remover'):
            losses['loss_removal'] = self.noise_loss(self._remove_noise, *lit)
        return losses

    def _trains(self, part: str) -> bool:
        present = getattr(self, part) is not None
        stages = (part, 'end_to_end', 'task' if part in NOISE_PARTS else part)
        return present and self.stage in stages

    def _light_on(self, y: Tensor) -> Tensor:
        if self._trains('scene'):
            return self.scene(y).reflectances[-1]
        return self.scene.enhance(y)[0]

    def _remove_noise(self, u: Tensor) -> Tensor:
        """Noise removal without the gate, as it is trained."""
        theta = None
        if self.noise_remover.noise_map:
            with torch.set_grad_enabled(
                torch.is_grad_enabled() and self.stage == 'end_to_end'
            ):
                theta = self.noise_estimator(u)
        return u - self.noise_remover(u, theta)


def check_strength(strength: Optional[float]) -> None:
    """Raise ``ValueError`` unless None or in [0, 1]."""
    if strength is not None and not 0 <= strength <= 1:
        raise ValueError(f'strength={strength}, allowed: 0 to 1')


def check_tile(tile: Optional[int]) -> None:
    """Raise ``ValueError`` unless None or a useful number of pixels."""
    if tile is not None and (not isinstance(tile, int) or tile < 32):
        raise ValueError(f'tile={tile}, allowed: None or a whole number >= 32')


def _build(name: str, arguments: Optional[dict]) -> torch.nn.Module:
    return MODELS.build(dict(dict(type=f'ruas_mm.{name}'), **arguments or {}))
