"""Tiny ACDC and CamVid trees, as the official files lie."""

from pathlib import Path

import cv2
import numpy as np

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]
SIZE = (24, 32)
FRAMES = {  # condition/subset -> sequence/frame of each image
    'night/train': ['GOPR0351/GOPR0351_frame_000001', 'A/A_frame_000003'],
    'night/val': ['GOPR0356/GOPR0356_frame_000002'],
    'night/test': ['GOPR0364/GOPR0364_frame_000004'],
    'night/train_ref': ['GOPR0351/GOPR0351_frame_000001'],
    'fog/train': ['GP010476/GP010476_frame_000005'],
}
CAMVID = {
    'train': ['0001TP_006690', '0006R0_f00930', '0001TP_006720'],
    'test': ['0001TP_008550', 'Seq05VD_f00000'],
}


def write(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture.astype(np.uint8))


def dark_picture(seed: int) -> np.ndarray:
    return np.random.RandomState(seed).randint(0, 60, (*SIZE, 3))


def label_map(*labels: int) -> np.ndarray:
    """Upright stripes of the labels."""
    return np.repeat([np.resize(labels, SIZE[1])], SIZE[0], 0)


def make_acdc(root: Path) -> Path:
    """Labels 0, 13 and 255, without those of test and ref."""
    for seed, (part, frames) in enumerate(FRAMES.items()):
        ref = '_ref' if part.endswith('ref') else ''
        for frame in frames:
            image = root / 'rgb_anon' / part / f'{frame}_rgb{ref}_anon.png'
            write(image, dark_picture(seed))
            if part.split('/')[1] in ('train', 'val'):
                label = root / 'gt' / part / f'{frame}_gt_labelTrainIds.png'
                write(label, label_map(0, 13, 255))
    return root


def make_camvid(root: Path) -> Path:
    """Labels 3, 8 and 11, which stands for unlabelled."""
    for subset, frames in CAMVID.items():
        for seed, frame in enumerate(frames):
            write(root / subset / f'{frame}.png', dark_picture(seed))
            write(root / f'{subset}annot/{frame}.png', label_map(3, 8, 11))
    return root
