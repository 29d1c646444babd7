from .distillation_cell import DistillationCell
from .folded_cell import FoldedCell
from .mixed_cell import MixedCell
from .mixed_operation import MixedOperation, new_alphas
from .operations import (
    HIGH_LEVEL_OPERATIONS,
    LOW_LEVEL_OPERATIONS,
    OPERATIONS,
    Operation,
    check_genotype,
)
from .task_cell import MixedTaskCell, task_cell

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
    'new_alphas',
    'task_cell',
]
