"""Cooperative architecture search over the stock train loop.

Paper: Sec. 4.2, Eq. (6)-(8), Algorithm 1, Table 4.
https://arxiv.org/abs/2112.04719

Differs from the paper: phases have lengths ("while not converged" there);
beside its finite differences the second order can be exact or left out;
``warm_up`` is ours.
"""

import random
from pathlib import Path
from typing import Dict, Optional, Union

import numpy as np
import torch
from mmengine.dist import get_rank, get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import nn

from ruas_mm.arguments import check_at_least, check_choice, check_whole_number
from ruas_mm.models.architecture import (
    architecture_parameters,
    derive_genotype,
)
from ruas_mm.models.unwrap import unwrap_model
from ruas_mm.registry import HOOKS
from ruas_mm.search.architecture_step import ArchitectureStep
from ruas_mm.search.bilevel import GRADIENTS, NotFiniteError
from ruas_mm.search.report import SearchReport, alpha_scalars, subnet_name
from ruas_mm.search.schedule import SearchSchedule
from ruas_mm.search.validation_batches import (
    ValidationBatches,
    other_half,
    warn_of_shared_files,
)

STATE = 'cooperative_search'  # in a checkpoint
OPTIMIZERS = {'Adam': torch.optim.Adam, 'SGD': torch.optim.SGD}


@HOOKS.register_module()
class CooperativeSearchHook(Hook):
    """Search alpha_s and alpha_t while the stock loop trains the weights.

    Before each weight step the alphas of the phase that is on are moved by
    the loss of a validation batch (:class:`ArchitectureStep`); the weight
    step then trains the weights of the same phase. Works in the epoch and the
    iteration loop of any host, over several processes (set
    ``find_unused_parameters=True``), with AMP, and with gradient accumulation
    (alphas move once for each weight step, before its first part).

    A search that was stopped and resumed gives the same alphas: they and
    their optimiser are in the checkpoint, phases follow from the progress
    alone, and each iteration seeds the random numbers anew from the run's
    seed, its number and the rank. With random augmentation of the training
    pictures this holds in an epoch loop without worker processes
    (``num_workers=0``); MMEngine keeps no state of workers.

    Args:
        val_dataloader: Config of the validation loader, disjoint from the
            training set; its pictures are prepared as for training. None: the
            other half of the training set, which is a ``HalfDataset``.
        phases: Lengths of a ``scene`` and a ``task`` phase.
        strategy: ``'cooperative'`` (Algorithm 1), ``'independent'`` or
            ``'global'`` (Table 4); see :class:`SearchSchedule`.
        beta: Weight of the task in the scene's validation loss, Eq. (7). 1:
            release.
        gradient: ``'finite_difference'`` (paper), ``'exact'`` or
            ``'first_order'``; see :func:`architecture_gradient`.
        optimizer: Of the alphas. Adam, 3e-4, (.5, .999), 1e-3: Sec. 6.1
            (5e-4 for detection and segmentation, Sec. 7).
        warm_up: How long alphas stay as they are in the beginning.
        interval: After how long genotype and scalars are written again.
        by_epoch: Whether ``phases``, ``warm_up`` and ``interval`` are epochs
            (of an epoch loop) or iterations.
        train_config: Config of a network with a genotype, which the search
            shall replace; see :class:`SearchReport`. A path that is relative
            starts at the folder of the search's config, or at the working
            folder.

    Raises:
        ValueError: An argument out of range; later, a model with nothing to
            search, an empty validation set, losses that are not finite.
    """

    priority = 'NORMAL'

    def __init__(
        self,
        val_dataloader: Optional[dict] = None,
        phases: Optional[Dict[str, int]] = None,
        strategy: str = 'cooperative',
        beta: float = 1.0,
        gradient: str = 'finite_difference',
        optimizer: Optional[dict] = None,
        warm_up: int = 0,
        interval: int = 1,
        by_epoch: bool = True,
        train_config: Optional[str] = None,
    ) -> None:
        check_at_least('beta', beta, 0)
        check_choice('gradient', gradient, GRADIENTS)
        check_whole_number('interval', interval, 1)
        self.val_dataloader = val_dataloader
        self.phases = phases or dict(scene=1, task=1)
        self.strategy = strategy
        self.beta = beta
        self.gradient = gradient
        self.optimizer_cfg = optimizer or dict(
            type='Adam', lr=3e-4, betas=(0.5, 0.999), weight_decay=1e-3
        )
        if self.optimizer_cfg.get('type') not in OPTIMIZERS:
            raise ValueError(
                f'optimizer={self.optimizer_cfg}, allowed types: '
                f'{list(OPTIMIZERS)}'
            )
        self.warm_up = warm_up
        self.interval = interval
        self.by_epoch = by_epoch
        self.train_config = train_config
        self.part: Optional[str] = None
        self.report: Optional[SearchReport] = None  # until training begins
        self._loaded: Optional[dict] = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Keep what a search has left in it until training begins."""
        self._loaded = checkpoint.get(STATE)

    def before_train(self, runner: Runner) -> None:
        """Build all that the search has of its own."""
        model = unwrap_model(runner.model)
        derive_genotype(model)  # refuses a model with nothing to search
        self._check_model(runner, model)
        loop_has_epochs = isinstance(runner.train_loop, EpochBasedTrainLoop)
        if self.by_epoch and not loop_has_epochs:
            raise ValueError(
                'by_epoch=True in a loop without epochs, allowed: '
                'by_epoch=False, with phases in iterations'
            )
        total = runner.max_epochs if self.by_epoch else runner.max_iters
        self.schedule = SearchSchedule(
            self.strategy, self.phases, total, self.warm_up
        )
        cfg = self.val_dataloader
        if cfg is None:
            cfg = other_half(runner.cfg.get('train_dataloader', {}))
        loader = Runner.build_dataloader(cfg, runner.seed)
        self.val_batches = ValidationBatches(loader)
        warn_of_shared_files(runner.train_dataloader.dataset, loader.dataset)
        self.alphas = architecture_parameters(model)
        settings = dict(self.optimizer_cfg)
        kind = OPTIMIZERS[settings.pop('type')]
        self.optimizer = kind(self.alphas.values(), **settings)
        self.step = ArchitectureStep(
            runner.model, runner.optim_wrapper, self.optimizer,
            self.gradient,
        )  # fmt: skip
        if runner.iter:  # resumed
            self._resume()
        config = runner.cfg.filename or runner.work_dir
        self.report = SearchReport(
            runner.work_dir,
            _find_config(self.train_config, Path(config).parent),
            subnet_name(Path(config).stem),
        )

    def before_train_epoch(self, runner: Runner) -> None:
        """Random numbers of the first batch's augmentation."""
        _seed(runner)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict = None
    ) -> None:
        """Update the alphas; the loop then trains the weights."""
        _seed(runner)
        if self.part is not None and not runner.optim_wrapper.should_update():
            return  # the batch before has not ended its weight step
        progress = runner.epoch if self.by_epoch else runner.iter
        self._enter(self.schedule.part_at(progress), runner)
        if not self.schedule.moves_alphas(progress):
            return
        weight = self.schedule.weight_of_task(self.part, self.beta)
        try:
            self.step(self.part, weight, data_batch, next(self.val_batches))
        except NotFiniteError as error:
            self._stop(runner, str(error), error)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict = None,
        outputs: Optional[Dict[str, torch.Tensor]] = None,
    ) -> None:
        """Stop at a loss that is not finite; write at the interval."""
        loss = (outputs or {}).get('loss')
        if loss is not None and not torch.isfinite(loss).all():
            self._stop(runner, f'the training loss is {loss.item()}')
        if not self.by_epoch and self.every_n_train_iters(
            runner, self.interval
        ):
            self._write(runner, runner.iter + 1)

    def after_train_epoch(self, runner: Runner) -> None:
        """Write at the interval."""
        if self.by_epoch and self.every_n_epochs(runner, self.interval):
            self._write(runner, runner.iter)

    def after_train(self, runner: Runner) -> None:
        """Write what was found."""
        self._write(runner, runner.iter, must=True)

    def after_run(self, runner: Runner) -> None:
        """The log ends with what to do next."""
        if self.report is not None and is_main_process():
            found = derive_genotype(unwrap_model(runner.model))
            runner.logger.info(
                f'The search has found {found}, written to '
                f'{self.report.genotype_path}. Train it:\n'
                f'{self.report.command}'
            )

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Optimiser of the alphas and position of the validation loader."""
        checkpoint[STATE] = dict(
            optimizer=self.optimizer.state_dict(),
            alphas=list(self.alphas),
            position=self.val_batches.position,
        )

    def _resume(self) -> None:
        """Go on where the search was."""
        state = self._loaded
        if state is None or state['alphas'] != list(self.alphas):
            raise ValueError(
                'the checkpoint to resume from holds no search of '
                f'{list(self.alphas)}, allowed: one that this search has '
                'written, or load_from in the place of resume'
            )
        self.optimizer.load_state_dict(state['optimizer'])
        self.val_batches.seek(state['position'])

    def _check_model(self, runner: Runner, model: nn.Module) -> None:
        if self.strategy != 'global' and not hasattr(model, 'train_only'):
            raise ValueError(
                f'{type(model).__name__} cannot train its parts alone, as '
                f'strategy={self.strategy!r} needs; allowed: '
                "LowLightEnhancer, dict(type='ruas_mm.SceneConstrained', "
                "host=...), or strategy='global'"
            )
        if (
            get_world_size() > 1
            and is_model_wrapper(runner.model)
            and not getattr(runner.model, 'find_unused_parameters', True)
        ):
            raise ValueError(
                'find_unused_parameters=False, but each phase trains other '
                'parameters; allowed in a search over several processes: '
                'find_unused_parameters=True in the config'
            )

    def _enter(self, part: str, runner: Runner) -> None:
        """Begin a phase: what the weight steps train, and by which loss."""
        if part == self.part:
            return
        self.part = part
        model = unwrap_model(runner.model)
        if hasattr(model, 'train_only'):
            model.train_only(part)
        for alpha in self.alphas.values():  # weight steps leave them alone
            alpha.requires_grad_(False)
        runner.logger.info(f'iteration {runner.iter}: searching {part}')

    def _write(
        self, runner: Runner, iteration: int, must: bool = False
    ) -> None:
        """Files and scalars; a full disk ends the search at the end only."""
        if not is_main_process():
            return
        model = unwrap_model(runner.model)
        runner.visualizer.add_scalars(alpha_scalars(model), step=iteration)
        try:
            self.report.write(
                model,
                f'{self.strategy} search, iteration {iteration}',
                strategy=self.strategy,
                gradient=self.gradient,
                seed=runner.seed,
                iteration=iteration,
                run=runner.experiment_name,
            )
        except OSError as error:
            message = (
                f'{self.report.folder} cannot be written ({error}); an '
                'earlier genotype file was kept. Found so far: '
                f'{derive_genotype(model)}'
            )
            if must:
                raise OSError(message) from error
            runner.logger.warning(message)

    def _stop(
        self, runner: Runner, why: str, error: Optional[Exception] = None
    ) -> None:
        path = self.report.genotype_path
        kept = (
            f'the last genotype is in {path}'
            if path.exists()
            else ('no genotype was written yet')
        )
        raise NotFiniteError(
            f'the search stops at iteration {runner.iter}: {why}; {kept}. '
            'Try a smaller learning rate, clip_grad, or resume with '
            'another gradient'
        ) from error


def _find_config(path: Optional[str], folder: Path) -> Optional[str]:
    """A config that another one names, beside it or as it stands."""
    if path is not None and (folder / path).is_file():
        return str(folder / path)
    return path


def _seed(runner: Runner) -> None:
    """Random numbers of this iteration, whatever was drawn before."""
    numbers: Union[list, tuple] = (runner.seed, runner.iter, get_rank())
    seed = int(np.random.SeedSequence(numbers).generate_state(1)[0])
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
