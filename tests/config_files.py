"""Where the configs are, by what they are for."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
CONFIGS = ROOT / 'configs'
ENHANCEMENT = sorted((CONFIGS / 'enhancement').glob('*.py'))
OURS = [path for path in ENHANCEMENT if 'ruas' in path.stem]
DETECTION = sorted(
    [*CONFIGS.glob('*.py'), *(CONFIGS / 'detection').glob('*.py')]
)
FACES = [  # models/detectors/test_face_detectors.py has these
    f'{name}_darkface'
    for name in (
        *('ruas_s3fd', 'ruas_s3fd-r50', 'tm_s3fd', 'tm_s3fd-r50'),
        *('s3fd', 'pyramidbox', 'dsfd'),
    )
]
SEGMENTATION = sorted((CONFIGS / 'segmentation').glob('*.py'))
CLASSIFICATION = sorted((CONFIGS / 'classification').glob('*.py'))
SEARCHES = sorted((CONFIGS / 'search').glob('*.py'))
ALL = [
    *ENHANCEMENT, *DETECTION, *SEGMENTATION, *CLASSIFICATION, *SEARCHES
]  # fmt: skip


def by_stem(path):
    return path.stem
