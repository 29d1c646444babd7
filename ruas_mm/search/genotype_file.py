"""Genotypes as JSON files: what search writes and configs read.

MMEngine takes such a file as a ``_base_`` of a Python config, which then says
``genotype={{_base_.genotype.scene}}``.
"""

import json
from pathlib import Path
from typing import Union

from ruas_mm.files.atomic_write import atomic_write
from ruas_mm.models.cells.distillation_cell import EDGES
from ruas_mm.models.cells.operations import (
    HIGH_LEVEL_OPERATIONS,
    LOW_LEVEL_OPERATIONS,
    OPERATIONS,
    check_genotype,
)

DISTILLATION_CELLS = ('scene', 'noise_remover')
HIGH_LEVEL_PARTS = ('neck', 'head')


def write_genotype(path: Union[str, Path], genotype: dict, **meta) -> None:
    """Write a genotype; a file that is there is replaced as a whole.

    Args:
        path: JSON file; the folder is created.
        genotype: See :func:`read_genotype`.
        **meta: Whatever tells where it comes from (seed, iteration, figures),
            JSON-able. Kept below ``search``, out of the way of other settings
            of a config that has the file as ``_base_``.

    Raises:
        ValueError: The genotype is not one; nothing is written.
    """
    content = dict(genotype=check_genotypes(genotype, str(path)))
    if meta:
        content['search'] = meta
    text = _layout(content) + '\n'
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding='utf-8')


def read_genotype(path: Union[str, Path]) -> dict:
    """Read and check a genotype; JSON alone, nothing is evaluated.

    Args:
        path: JSON file with the key ``genotype``.

    Returns:
        Name of a part to its operations of Table 1: a list, or a dictionary
        of lists (``reg`` and ``cls`` of a head). ``scene`` and
        ``noise_remover`` have seven low-level operations, ``neck`` and
        ``head`` high-level ones, further parts any.

    Raises:
        FileNotFoundError: No such file.
        ValueError: Not JSON or not a genotype; names file, key and value.
    """
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8-sig'))
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path} is not a JSON file: {error}')
    if not isinstance(content, dict) or 'genotype' not in content:
        raise ValueError(
            f'{path} has no genotype, allowed: a dictionary with the key '
            "'genotype', as in configs/_base_/genotypes"
        )
    return check_genotypes(content['genotype'], str(path))


def check_genotypes(genotype: dict, source: str) -> dict:
    """Check the genotypes of all parts of a network.

    Args:
        genotype: See :func:`read_genotype`.
        source: Named in front of the message.

    Returns:
        The same as plain lists and dictionaries.

    Raises:
        ValueError: Names source, key and value.
    """
    if not isinstance(genotype, dict) or not genotype:
        raise ValueError(
            f'{source}: genotype={genotype!r}, allowed: a dictionary from '
            'parts of the network to operations of Table 1'
        )
    return {
        part: _check_part(part, operations, f'{source}: genotype[{part!r}]')
        for part, operations in genotype.items()
    }


def _check_part(part: str, operations: object, name: str):
    if part in DISTILLATION_CELLS:
        return list(
            check_genotype(operations, len(EDGES), LOW_LEVEL_OPERATIONS, name)
        )
    if isinstance(operations, dict) and operations:
        return {
            branch: _check_list(part, of_branch, f'{name}[{branch!r}]')
            for branch, of_branch in operations.items()
        }
    return _check_list(part, operations, name)


def _check_list(part: str, operations: object, name: str) -> list:
    is_list = isinstance(operations, (list, tuple))
    length = max(1, len(operations)) if is_list else 1
    known = part in HIGH_LEVEL_PARTS
    allowed = HIGH_LEVEL_OPERATIONS if known else tuple(OPERATIONS)
    return list(check_genotype(operations, length, allowed, name))


def _layout(value: object, indent: str = '') -> str:
    """JSON with each list on one line."""
    if not isinstance(value, dict) or not value:
        return json.dumps(value)
    inner = indent + 4 * ' '
    rows = [
        f'{inner}{json.dumps(str(key))}: {_layout(entry, inner)}'
        for key, entry in value.items()
    ]
    return '{\n' + ',\n'.join(rows) + f'\n{indent}}}'
