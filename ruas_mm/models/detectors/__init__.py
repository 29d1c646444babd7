from .box_voting_tta import BoxVotingTTA
from .dsfd import DualShotNeck
from .face_parts import FaceVGG, MaxOutSSDHead, MultiBranchHead
from .pyramidbox import PyramidBoxNeck
from .s3fd import S3FDNeck, ScaleCompensationAssigner, SearchableS3FDNeck
from .searchable_ssd import SearchableSSDHead, SearchableSSDNeck

__all__ = [
    'BoxVotingTTA',
    'DualShotNeck',
    'FaceVGG',
    'MaxOutSSDHead',
    'MultiBranchHead',
    'PyramidBoxNeck',
    'S3FDNeck',
    'ScaleCompensationAssigner',
    'SearchableS3FDNeck',
    'SearchableSSDHead',
    'SearchableSSDNeck',
]
