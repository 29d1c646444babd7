"""RUAS for the low-level task: light on, noise off.

Paper: Sec. 5.1, Fig. 2 (a), Table 5 (RUAS_S, RUAS, RUAS_A); training orders
of Sec. 3.3 and 5.1. https://arxiv.org/abs/2112.04719

Differs from the paper: each picture of a batch passes the noise gate on its
own; ``strength`` also weakens noise removal, so that 0 gives the input back.
"""

from functools import partial
from typing import Dict, List, Optional, Sequence, Tuple, Union

import torch
from mmengine.model import BaseModel
from mmengine.structures import BaseDataElement
from torch import Tensor

from ruas_mm.arguments import check_choice, check_strength, check_tile
from ruas_mm.models.enhancers.prediction import predict_enhanced
from ruas_mm.models.lit import Lit, Memory
from ruas_mm.models.low_resolution import shrunk
from ruas_mm.models.measuring import Measuring
from ruas_mm.models.pretrained import entry_of_part, split_pretrained
from ruas_mm.models.tiling import tile_size, tiled
from ruas_mm.models.tone import Strength
from ruas_mm.models.video_memory import VideoMemory
from ruas_mm.registry import MODELS

from .noise_estimator import Threshold, gate, limits
from .variants import PARTS, VARIANTS

NOISE_PARTS = PARTS[1:]
CLASSES = dict(
    scene='SceneModule',
    noise_remover='NoiseRemover',
    noise_estimator='NoiseEstimator',
)


@MODELS.register_module()
class LowLightEnhancer(BaseModel):
    """Scene module, and behind it noise removal.

    It has the interface of :class:`Enhancer` and its ``decompose``.

    ``'RUAS_S'`` is the scene module alone; ``'RUAS'`` also removes noise from
    every picture; ``'RUAS_A'`` estimates the noise first and removes it where
    there is enough of it.

    Args:
        variant: ``'RUAS_S'``, ``'RUAS'`` or ``'RUAS_A'``.
        scene: Arguments of :class:`SceneModule`.
        noise_remover: Arguments of :class:`NoiseRemover`, whose genotype is
            the one released for the variant (CVPR 2021 for RUAS, journal for
            RUAS_A), or a config with ``type``, of
            :class:`TwoScaleNoiseRemover` for example.
        noise_estimator: Arguments of :class:`NoiseEstimator`.
        noise_threshold: Noise score (mean of |theta|) from which on RUAS_A
            removes noise. 0.035: release. Two numbers: where it begins to,
            and where it removes all.
        trained_part: What is trained: ``'scene'``, ``'noise_estimator'`` or
            ``'noise_remover'`` alone, the paper's order, ``'task'``, both of
            the latter, or ``'end_to_end'``. What is not trained gets no
            gradient.
        scene_loss: Config of the loss of the scene module.
        noise_loss: Config of the loss of estimator and remover.
        data_preprocessor: Config; default
            :class:`EnhancementDataPreprocessor`.
        init_cfg: As in MMEngine; a ``Pretrained`` entry holds for each part
            that has none of its own, and loads strictly (see
            :class:`PretrainedModule`).

    Raises:
        ValueError: Unknown variant or part, a part that the variant does
            not have, or arguments of such a part.
    """

    def __init__(
        self,
        variant: str = 'RUAS_A',
        scene: Optional[dict] = None,
        noise_remover: Optional[dict] = None,
        noise_estimator: Optional[dict] = None,
        noise_threshold: Threshold = 0.035,
        trained_part: str = 'end_to_end',
        scene_loss: Optional[dict] = None,
        noise_loss: Optional[dict] = None,
        data_preprocessor: Optional[dict] = None,
        init_cfg: Optional[dict] = None,
    ) -> None:
        pretrained, init_cfg = split_pretrained(init_cfg)
        super().__init__(
            data_preprocessor
            or dict(type='ruas_mm.EnhancementDataPreprocessor'),
            init_cfg,
        )
        check_choice('variant', variant, tuple(VARIANTS))
        self.variant = variant
        self._build_parts(
            pretrained,
            scene=scene,
            noise_remover=noise_remover,
            noise_estimator=noise_estimator,
        )
        if self.noise_estimator is None and getattr(
            self.noise_remover, 'noise_map', False
        ):
            raise ValueError('noise_map=True needs the estimator of RUAS_A')
        limits(noise_threshold)  # refuses what is not in order
        self.noise_threshold = noise_threshold
        self.scene_loss = _build('SceneLoss', scene_loss)
        self.noise_loss = _build('NoiseAsCleanLoss', noise_loss)
        self.train_only(trained_part)

    def _build_parts(
        self, pretrained: Optional[dict], **arguments: Optional[dict]
    ) -> None:
        variant = VARIANTS[self.variant]
        for part, given in arguments.items():
            if part not in variant.parts:
                if given is not None:
                    raise ValueError(f'{part} is not part of {self.variant}')
                setattr(self, part, None)
                continue
            defaults = dict(type=f'ruas_mm.{CLASSES[part]}')
            if part == 'noise_remover' and 'type' not in (given or {}):
                defaults['genotype'] = variant.removal_genotype
            if pretrained is not None:
                defaults['init_cfg'] = entry_of_part(pretrained, part)
            module = MODELS.build({**defaults, **(given or {})})
            setattr(self, part, module)

    def train_only(self, part: str) -> None:
        """Choose what is trained; see ``trained_part`` of the class.

        Raises:
            ValueError: The variant has no such part.
        """
        parts = VARIANTS[self.variant].parts
        groups = ('task', 'end_to_end') if len(parts) > 1 else ('end_to_end',)
        allowed = (*parts, *groups)
        if part not in allowed:
            raise ValueError(
                f'trained_part={part!r}, allowed for {self.variant}: '
                f'{list(allowed)}'
            )
        self.trained_part = part
        self.requires_grad_(part == 'end_to_end')
        for each in parts:
            if _covers(part, each):
                getattr(self, each).requires_grad_(True)

    def enhance(
        self,
        x: Tensor,
        strength: Optional[float] = None,
        tile: Optional[int] = None,
        memory: Optional[VideoMemory] = None,
    ) -> Tensor:
        """Enhance pictures; for inference, without gradients.

        Args:
            x: RGB in [0, 1], (N, 3, H, W), any size.
            strength: In [0, 1], 0 gives the input back; None is the scene
                module's own.
            tile: Largest side of what a network sees at once, in pixels; the
                result is the same up to rounding. None: as large as is fast.
            memory: Of the video whose next frame ``x`` is, (1, 3, H, W);
                what is metered then moves slowly.

        Returns:
            RGB in [0, 1], same shape.

        Raises:
            ValueError: Input of another kind, or an argument out of range.
        """
        with torch.no_grad():
            return self.decompose(x, strength, tile, memory)[0]

    def decompose(
        self,
        y: Tensor,
        strength: Optional[float] = None,
        tile: Optional[int] = None,
        memory: Optional[VideoMemory] = None,
    ) -> Tuple[Tensor, Tensor]:
        """Enhanced pictures and illuminations; as of :meth:`enhance`.

        Differentiable where gradients are on (then in one piece).
        """
        check_strength(strength)
        check_tile(tile)
        if torch.is_grad_enabled():
            return self._decompose(y, strength, memory)
        lit = self.scene.lit(y, strength, tile, memory=memory)
        if self.noise_remover is None:
            return lit.u, lit.t
        size = tile_size(y, tile)
        theta = None
        if self.noise_estimator is not None:
            theta = tiled(
                self.noise_estimator,
                lit.u,
                tile=size,
                radius=self.noise_estimator.radius,
            )
        self.noise_remover.check_ready()  # also where no picture needs it
        share = self._noise_share(lit, strength, theta)
        x = lit.u.clone()
        for i in share.flatten().nonzero().flatten().tolist():
            one = slice(i, i + 1)
            inputs = self.noise_remover.inputs(
                lit.picture(i),
                self.scene.tone,
                None if theta is None else theta[one],
            )
            noise = self.noise_remover.find_noise(*inputs, tile=size)
            x[one] = _denoised(x[one], noise, share[one])
        return x, lit.t

    def _noise_share(
        self, lit: Lit, strength: Optional[Strength], theta: Optional[Tensor]
    ) -> Tensor:
        """How much of the noise is removed from each picture, (N, 1, 1, 1).

        By ``strength``, as far as the tone has amplified it, and through the
        gate of RUAS_A, which opens and closes slowly in a video.
        """
        strength = self.scene.strength if strength is None else strength
        share = torch.ones_like(lit.u[:, :1, :1, :1]) * strength
        share = share * self.scene.tone.denoising(lit.strength)
        if theta is None:
            return share
        lit.note('theta', theta)
        score = self.noise_estimator.score(theta)[:, None, None, None]
        return share * lit.steady('gate', gate(score, self.noise_threshold))

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
        if mode == 'loss':
            return self.part_losses(self.trained_part, inputs, data_samples)
        if mode == 'tensor':
            return self.plain(_stacked(inputs))
        raise ValueError(
            f"mode={mode!r}, allowed: 'tensor', 'loss', 'predict'"
        )

    def plain(
        self,
        y: Tensor,
        strength: Optional[Strength] = None,
        memory: Optional[Measuring] = None,
    ) -> Tensor:
        """Like :meth:`enhance`, without tiles and folded cells.

        Autograd, tracing and counting see each part once. ``memory`` takes
        notes of what is measured of whole pictures.
        """
        return self._decompose(y, strength, memory)[0]

    def _decompose(
        self,
        y: Tensor,
        strength: Optional[Strength],
        memory: Optional[Memory] = None,
    ) -> Tuple[Tensor, Tensor]:
        lit = self.scene.lit(y, strength, plainly=True, memory=memory)
        if self.noise_remover is None:
            return lit.u, lit.t
        lit.note('lit', lit.u)
        theta = None
        if self.noise_estimator is not None:
            theta = self.noise_estimator(lit.u)
        share = self._noise_share(lit, strength, theta)
        return _denoised(lit.u, self._find_noise(lit, theta), share), lit.t

    def _find_noise(self, lit: Lit, theta: Optional[Tensor]) -> Tensor:
        inputs = self.noise_remover.inputs(lit, self.scene.tone, theta)
        return self.noise_remover(*inputs)

    def predict(
        self,
        inputs: List[Tensor],
        data_samples: Optional[List[BaseDataElement]] = None,
    ) -> List[BaseDataElement]:
        """Enhance pictures of any sizes; see :meth:`forward`."""
        return predict_enhanced(self.enhance, inputs, data_samples)

    def part_losses(
        self,
        part: str,
        inputs: Union[Tensor, List[Tensor]],
        data_samples: Optional[List[BaseDataElement]] = None,
    ) -> Dict[str, Tensor]:
        """Losses of one part, whatever is being trained.

        Args:
            part: As ``trained_part``.
            inputs: Pictures of one size; see :meth:`forward`.
            data_samples: Handed to the loss of the noise.
        """
        y = _stacked(inputs)
        losses = {}
        if _covers(part, 'scene'):
            seen = shrunk(y, self.scene.shrink)
            losses.update(self.scene_loss(seen, self.scene.unroll(seen)))
        if part == 'scene' or self.noise_remover is None:
            return losses
        with torch.set_grad_enabled(
            torch.is_grad_enabled() and _covers(part, 'scene')
        ):
            noisy, *clean = self._lit_alike(
                self.noise_loss.pictures(y, data_samples)
            )
        clean += self.noise_loss.references(y, data_samples)
        if self.noise_estimator is not None and _covers(
            part, 'noise_estimator'
        ):
            losses['loss_estimation'] = self.noise_loss(
                lambda u: u - self.noise_estimator(u), noisy.u, *clean
            )
        if _covers(part, 'noise_remover'):
            denoise = partial(self._remove_noise, part == 'end_to_end', noisy)
            losses['loss_removal'] = self.noise_loss(denoise, noisy.u, *clean)
        return losses

    def _lit_alike(self, pictures: Sequence[Tensor]) -> List[Lit]:
        """The first picture as it needs it, then u of the others likewise."""
        first, *others = pictures
        lit = self.scene.lit(first, plainly=True)
        others = [
            self.scene.lit(y, 1.0, plainly=True, metered=lit.strength).u
            for y in others
        ]
        return [lit, *others]

    def _remove_noise(
        self, through_theta: bool, lit: Lit, u: Tensor
    ) -> Tensor:
        """Noise removal without the gate, as it is trained.

        ``u`` is that of ``lit``, or of some of its pixels.
        """
        theta = None
        if self.noise_remover.noise_map:
            with torch.set_grad_enabled(
                torch.is_grad_enabled() and through_theta
            ):
                theta = self.noise_estimator(u)
        return u - self._find_noise(lit._replace(u=u), theta)


def _denoised(u: Tensor, noise: Tensor, share: Tensor) -> Tensor:
    return (u - share * noise).clamp_(0, 1)


def _covers(trained: str, part: str) -> bool:
    """Whether ``part`` is trained when ``trained`` is."""
    groups = ('end_to_end', 'task') if part in NOISE_PARTS else ('end_to_end',)
    return trained in (part, *groups)


def _stacked(inputs: Union[Tensor, List[Tensor]]) -> Tensor:
    return inputs if isinstance(inputs, Tensor) else torch.stack(inputs)


def _build(name: str, arguments: Optional[dict]) -> torch.nn.Module:
    return MODELS.build({'type': f'ruas_mm.{name}', **(arguments or {})})
