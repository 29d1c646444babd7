"""What a search leaves behind: genotype, picture, config, scalars."""

import math
import os
from pathlib import Path
from pprint import pformat
from typing import Dict, Optional

from torch import nn

from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.models.architecture import (
    SearchedPart,
    derive_genotype,
    find_searchable,
    part_name,
)
from ruas_mm.models.cells import LOW_LEVEL_OPERATIONS
from ruas_mm.models.cells.distillation_cell import EDGES
from ruas_mm.search.genotype_file import write_genotype
from ruas_mm.search.genotype_picture import save_genotype_picture

SKIP = 'SC'
GENOTYPE_FILE = 'genotype.json'
# No second _base_, as the first may have a genotype, too, and no import
# statement, which makes a config one of MMEngine's other kind.
SUBNET_CONFIG = '''"""The network that a search has found, from {file}.

Command:  {command}
"""

_base_ = {base!r}

genotype = __import__('json').load(
    open('{{{{ fileDirname }}}}/{file}'))['genotype']
model = {model}
'''


class SearchReport:
    """Files of a search in one folder; each is replaced as a whole.

    ``genotype.json``, which a config can name in its ``_base_``,
    ``genotype.png``, the cells as in Fig. 5, and a config that trains the
    network which was found: it reads ``genotype.json``.

    Args:
        folder: Where to write.
        train_config: Config of a network of the same kind with some genotype,
            on which the written config is based. None: none is written.
        subnet: File name of that config, see :func:`subnet_name`. As train
            tools name their folders by the config, each search needs its own.

    Raises:
        ValueError: There is no such config.
    """

    def __init__(
        self, folder: Path, train_config: Optional[str], subnet: str
    ) -> None:
        self.folder = Path(folder)
        self.train_config = train_config
        if train_config is not None and not Path(train_config).is_file():
            raise ValueError(
                f'train_config={train_config!r} is no file, allowed: a '
                'config that trains the derived network, or None'
            )
        self.genotype_path = self.folder / GENOTYPE_FILE
        self.subnet_path = self.folder / subnet

    @property
    def command(self) -> str:
        """What trains the derived network."""
        if self.train_config is None:
            return (
                'python tools/train.py CONFIG, where CONFIG has '
                f'{self.genotype_path} in its _base_'
            )
        return f'python tools/train.py {self.subnet_path}'

    def write(self, model: nn.Module, title: str, **meta) -> dict:
        """Write all files.

        Args:
            model: The supernet.
            title: Above the picture.
            **meta: See :func:`write_genotype`.

        Returns:
            The genotype.

        Raises:
            ValueError: Alphas that are not finite; nothing is written.
            OSError: A file cannot be written; the old one is left.
        """
        genotype = derive_genotype(model)
        write_genotype(self.genotype_path, genotype, **meta)
        save_genotype_picture(
            self.genotype_path.with_suffix('.png'), genotype, title
        )
        if self.train_config is not None:
            base = os.path.relpath(self.train_config, self.folder)
            text = _subnet_config(model, Path(base).as_posix(), self.command)
            with atomic_write(self.subnet_path) as temporary:
                temporary.write_text(text, encoding='utf-8')
        return genotype


def subnet_name(search_config: str) -> str:
    """``'ruas_subnet_lol.py'`` of a search called ``'ruas_supernet_lol'``."""
    if 'supernet' in search_config:
        return f'{search_config.replace("supernet", "subnet")}.py'
    return f'{search_config}_subnet.py'


def _subnet_config(model: nn.Module, base: str, command: str) -> str:
    options: dict = {}
    for name in find_searchable(model):
        place = options
        for word in name.split('.'):
            place = place.setdefault(word, {})
        place['genotype'] = _Code(f'genotype[{part_name(name)!r}]')
    return SUBNET_CONFIG.format(
        command=command,
        base=base,
        file=GENOTYPE_FILE,
        model=pformat(options, width=70, sort_dicts=False),
    )


class _Code(str):
    """Printed as it stands."""

    def __repr__(self) -> str:
        return str(self)


def alpha_scalars(model: nn.Module) -> Dict[str, float]:
    """What a search looks like from outside.

    For each searched part the softmaxed alphas (``search/scene/c1_d/3-RC``),
    the mean ``entropy`` of what there is to decide (1: undecided, 0: decided;
    operations that are the same in a place count as one) and, where there is
    a skip connection, its mean share ``skip``.
    """
    scalars = {}
    for name, module in find_searchable(model).items():
        prefix = f'search/{part_name(name)}'
        mixture = module.alpha_rows().detach().double().softmax(1)
        places = len(mixture)
        scalars[f'{prefix}/entropy'] = _mean_entropy(module)
        operations = module.searched_operations
        if SKIP in operations:
            share = mixture[:, operations.index(SKIP)].mean().item()
            scalars[f'{prefix}/skip'] = share
        is_cell = operations == LOW_LEVEL_OPERATIONS
        rows = EDGES if is_cell else [str(i + 1) for i in range(places)]
        for row, shares in zip(rows, mixture.tolist()):
            for operation, share in zip(operations, shares):
                scalars[f'{prefix}/{row}/{operation}'] = share
    return scalars


def _mean_entropy(module: SearchedPart) -> float:
    """Over the places that have a choice; without any 0, all is decided."""
    mixture, twins = module.mixture(), module.first_twins()
    entropy = -(mixture * mixture.clamp_min(1e-12).log()).sum(1)
    choices = [len(set(row)) for row in twins.tolist()]
    decided = [
        e / math.log(n) for e, n in zip(entropy.tolist(), choices) if n > 1
    ]
    return sum(decided) / len(decided) if decided else 0.0
