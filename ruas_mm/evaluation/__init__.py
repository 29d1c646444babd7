from .complexity import count_macs, count_parameters
from .darkface_metric import DarkFaceMetric
from .enhancement_metric import EnhancementMetric
from .face_evaluation import evaluate_faces, evaluate_files

__all__ = [
    'DarkFaceMetric',
    'EnhancementMetric',
    'count_macs',
    'count_parameters',
    'evaluate_faces',
    'evaluate_files',
]
