"""Pictures with boxes in COCO's classes, for detectors that know no others."""

import json
from pathlib import Path
from typing import List, NamedTuple, Sequence, Tuple

import cv2
import numpy as np
from mmdet.datasets import CocoDataset

from ruas_mm.arguments import check_choice
from ruas_mm.datasets.detection import ExDarkDataset
from ruas_mm.datasets.enhancement.paired_images import list_images

COCO_CLASSES = CocoDataset.METAINFO['classes']
RENAMED = dict(
    Motorbike='motorcycle',
    People='person',
    Table='dining table',
    pedestrian='person',
    bicyclist='bicycle',
)
CAMVID = dict(car=8, person=9, bicycle=10)  # COCO's class: id in label maps
DUSK = '0001TP'  # files of CamVid's dusk drive
SMALLEST = 100  # pixels of a component that counts


class Picture(NamedTuple):
    """One picture and what is on it.

    Attributes:
        path: File.
        width: In pixels.
        height: In pixels.
        boxes: COCO's class, left, top, width and height of each, in pixels.
        crowds: The same of boxes around several, which count neither way.
    """

    path: str
    width: int
    height: int
    boxes: List[Tuple[str, float, float, float, float]]
    crowds: Sequence[Tuple[str, float, float, float, float]] = ()


def exdark_pictures(root: Path) -> List[Picture]:
    """All pictures of a folder in ExDark's layout."""
    dataset = ExDarkDataset(str(root), subset='all', test_mode=True)
    classes = [RENAMED.get(c, c.lower()) for c in dataset.metainfo['classes']]
    pictures = []
    for info in map(dataset.get_data_info, range(len(dataset))):
        boxes = []
        for instance in info['instances']:
            left, top, right, bottom = instance['bbox']
            label = classes[instance['bbox_label']]
            boxes.append((label, left, top, right - left, bottom - top))
        size = info['width'], info['height']
        pictures.append(Picture(info['img_path'], *size, boxes))
    return pictures


def day_pictures(root: Path) -> List[Picture]:
    """Daylight frames of CamVid, with boxes of their label maps."""
    pictures = []
    for part in ('train', 'test'):
        for path in list_images(root / part):
            if path.name.startswith(DUSK):
                continue
            labels = cv2.imread(
                str(root / f'{part}_labels' / path.name), cv2.IMREAD_UNCHANGED
            )
            if labels is None:
                raise ValueError(f'{path} has no map in {part}_labels')
            height, width = labels.shape
            boxes = component_boxes(labels)
            pictures.append(Picture(str(path), width, height, boxes))
    return pictures


def component_boxes(labels: np.ndarray) -> list:
    """Boxes as of :class:`Picture` around the components of a label map."""
    return [
        (name, left, top, width, height)
        for name, label in CAMVID.items()
        for left, top, width, height, area in cv2.connectedComponentsWithStats(
            (labels == label).astype(np.uint8), connectivity=8
        )[2][1:].tolist()  # the first one is the rest
        if area >= SMALLEST
    ]


def coco_pictures(boxes: Sequence[Path], root: Path) -> List[Picture]:
    """Pictures of files in COCO's format.

    Args:
        boxes: Files; their classes are COCO's, or in :data:`RENAMED`.
        root: What names of pictures in them are relative to.

    Raises:
        ValueError: A class that is neither; a file of another format, or with
            a box of a picture or class that it has not.
    """
    pictures = []
    for file in boxes:
        try:
            pictures += _of_content(json.loads(file.read_text()), file, root)
        except (KeyError, TypeError) as error:
            raise ValueError(
                f'{file}: no {error}, allowed: images, categories and '
                "annotations in COCO's format"
            ) from None
    return pictures


def _of_content(content: dict, file: Path, root: Path) -> List[Picture]:
    names = {c['id']: c['name'] for c in content['categories']}
    names = {i: RENAMED.get(name, name) for i, name in names.items()}
    for name in names.values():
        check_choice(f'class of {file}', name, COCO_CLASSES)
    boxes = {image['id']: ([], []) for image in content['images']}
    for each in content['annotations']:
        box = (names[each['category_id']], *each['bbox'])
        boxes[each['image_id']][bool(each.get('iscrowd'))].append(box)
    return [
        Picture(
            str(root / image['file_name']),
            image['width'],
            image['height'],
            *boxes[image['id']],
        )
        for image in content['images']
    ]


def write_truth(pictures: Sequence[Picture], target: Path) -> None:
    """In COCO's format, with its 80 classes numbered from 0."""
    boxes = [
        (i, is_crowd, *box)
        for i, picture in enumerate(pictures)
        for is_crowd, part in enumerate((picture.boxes, picture.crowds))
        for box in part
    ]
    content = dict(
        images=[
            dict(id=i, file_name=p.path, width=p.width, height=p.height)
            for i, p in enumerate(pictures)
        ],
        categories=[dict(id=i, name=c) for i, c in enumerate(COCO_CLASSES)],
        annotations=[
            dict(
                id=number,
                image_id=image,
                category_id=COCO_CLASSES.index(name),
                bbox=box,
                area=box[2] * box[3],
                iscrowd=is_crowd,
            )
            for number, (image, is_crowd, name, *box) in enumerate(boxes, 1)
        ],
    )
    target.write_text(json.dumps(content))
