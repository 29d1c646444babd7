from .distillation_cell import DistillationCell
from .folded_cell import FoldedCell
from .mixed_cell import MixedCell
from .mixed_operation import MixedOperation
from .operations import (
    HIGH_LEVEL_OPERATIONS,
    LOW_LEVEL_OPERATIONS,
    OPERATIONS,
    Operation,
    check_genotype,
)
from .task_cell import MixedTaskCell, mixed_by, mixed_cells, task_cell

__all__ = [
    'HIGH_LEVEL_OPERATIONS',
    'LOW_LEVEL_OPERATIONS',
    'OPERATIONS',
    'DistillationCell',
    'FoldedCell',
    'MixedCell',
    'MixedOperation',
    'MixedTaskCell',
    'Operation',
    'check_genotype',
    'mixed_by',
    'mixed_cells',
    'task_cell',
]
