from .distillation_cell import DistillationCell
from .folded_cell import FoldedCell
from .operations import (
    HIGH_LEVEL_OPERATIONS,
    LOW_LEVEL_OPERATIONS,
    OPERATIONS,
    Operation,
    check_genotype,
)
from .task_cell import task_cell

__all__ = [
    'HIGH_LEVEL_OPERATIONS',
    'LOW_LEVEL_OPERATIONS',
    'OPERATIONS',
    'DistillationCell',
    'FoldedCell',
    'Operation',
    'check_genotype',
    'task_cell',
]
