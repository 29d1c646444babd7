"""Names for the pictures of a test, one for each image file."""

import os.path as osp
from collections import Counter
from pathlib import Path
from typing import Dict, List

from torch.utils.data import DataLoader


def picture_files(dataloader: DataLoader) -> List[str]:
    """Image files of a data set of MMEngine's kind; of others none known."""
    dataset = dataloader.dataset
    if not hasattr(dataset, 'get_data_info'):
        return []
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    paths = [info.get('img_path') for info in infos]
    return [str(path) for path in paths if path is not None]


def flat_names(sources: List[str]) -> Dict[str, str]:
    """Each file to a name without suffix that no other has, for one folder.

    Its folder's name and its own; more folders, then the suffix too, where
    that does not tell all of them apart; at last a number.
    """
    parts = {source: _parts(Path(source)) for source in sources}
    deepest = max((len(each) for each in parts.values()), default=0)
    for _ in range(2):
        for depth in range(2, max(deepest, 2) + 1):
            names = {
                source: '_'.join(each[-depth:])
                for source, each in parts.items()
            }
            if len({name.casefold() for name in names.values()}) == len(parts):
                return names
        parts = {s: (*each[:-1], Path(s).name) for s, each in parts.items()}
    return {s: f'{i}_{Path(s).stem}' for i, s in enumerate(parts)}


def _parts(path: Path) -> tuple:
    """Folders and the name without suffix."""
    return (*path.parts[bool(path.anchor) : -1], path.stem)


def output_names(sources: List[str]) -> Dict[str, Path]:
    """Each file to a name that no other has, relative to their folder."""
    if not sources:
        return {}
    folder = osp.commonpath([osp.dirname(source) for source in sources])
    relative = {s: Path(osp.relpath(s, folder)) for s in sources}
    times = Counter(name.with_suffix('') for name in relative.values())
    return {
        source: name.with_suffix(
            '.png'
            if times[name.with_suffix('')] == 1
            else name.suffix + '.png'
        )
        for source, name in relative.items()
    }
