"""Low-light pictures and their references, paired by name."""

from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

from mmengine.dataset import BaseDataset

from ruas_mm.arguments import check_choice
from ruas_mm.datasets.image_files import DataNotFoundError

EXTENSIONS = (
    '.bmp', '.jpeg', '.jpg', '.png', '.ppm', '.tif', '.tiff', '.webp',
)  # fmt: skip
SPLITS = Path(__file__).parent / 'splits'


class PairedImageDataset(BaseDataset):
    """What data sets of pairs have in common.

    A sample has ``img_path`` and, if ``paired``, ``gt_path``. A reference
    without a low-light picture is left out silently, the other way round is
    an error. Sizes are compared when a pair is loaded.

    Subclasses say where the pictures are (:meth:`folders`), what two files
    of a pair have in common (:meth:`key`) and, where not all of them are
    wanted, which ones are (:meth:`chosen_keys`).

    Args:
        data_root: Folder of the data set.
        subset: Name of the part.
        paired: Whether the references are needed. Without them only the
            low-light pictures have to be there.
        **kwargs: Of ``mmengine.dataset.BaseDataset``.

    Raises:
        DataNotFoundError: A folder is missing.
        ValueError: An empty folder, two files for one key, a chosen picture
            or a reference that is missing.
    """

    HOW_TO_GET = ''
    SUBSETS: Tuple[str, ...] = ('train', 'test', 'all')

    def __init__(
        self, data_root: str, subset: str, paired: bool, **kwargs
    ) -> None:
        check_choice('subset', subset, self.SUBSETS)
        self.subset = subset
        self.paired = paired
        super().__init__(data_root=data_root, **kwargs)

    @property
    def split_name(self) -> str:
        """Which pictures these are, for tables."""
        raise NotImplementedError

    def prepare_data(self, idx: int) -> dict:
        """Load one pair; what is packed carries ``split_name``.

        Not in ``metainfo``, which MMEngine wants to be the same in all parts
        of a ``ConcatDataset``.
        """
        data = super().prepare_data(idx)
        sample = (data or {}).get('data_samples')
        if sample is not None:
            sample.set_metainfo(dict(split_name=self.split_name))
        return data

    def folders(self) -> List[Tuple[Path, Path]]:
        """Folders of low-light pictures and of their references."""
        raise NotImplementedError

    def key(self, path: Path) -> str:
        """What both pictures of a pair share."""
        return path.stem

    def chosen_keys(self) -> Optional[Sequence[str]]:
        """Keys of the subset; None: all there are."""
        return None

    def load_data_list(self) -> List[dict]:
        """Look for the pictures and pair them."""
        low: Dict[str, Path] = {}
        high: Dict[str, Path] = {}
        for low_folder, high_folder in self.folders():
            self._index(low_folder, low)
            if self.paired:
                self._index(high_folder, high)
        chosen = self.chosen_keys()
        keys = sorted(low if chosen is None else chosen)
        _check_found(
            [key for key in keys if key not in low],
            f'pictures of subset {self.subset!r} are missing in '
            f'{self.data_root}',
        )
        if not self.paired:
            return [dict(img_path=str(low[key])) for key in keys]
        _check_found(
            [str(low[key]) for key in keys if key not in high],
            'pictures have no reference',
        )
        return [
            dict(img_path=str(low[key]), gt_path=str(high[key]))
            for key in keys
        ]

    def first_folder(self, *candidates: str) -> Path:
        """The first of the folders in ``data_root`` that is there."""
        paths = [Path(self.data_root, name) for name in candidates]
        return next((path for path in paths if path.is_dir()), paths[0])

    def _index(self, folder: Path, found: Dict[str, Path]) -> None:
        if not folder.is_dir():
            raise DataNotFoundError(
                self.HOW_TO_GET.format(missing=folder, root=self.data_root)
            )
        for path in list_images(folder):
            key = self.key(path)
            if key in found:
                raise ValueError(
                    f'{found[key]} and {path} are both picture {key!r}, '
                    'allowed: one file for each'
                )
            found[key] = path


def list_images(folder: Path, recursive: bool = False) -> List[Path]:
    """Image files in a folder, sorted; hidden ones are left out.

    Args:
        folder: An existing folder.
        recursive: Whether to look into its subfolders (not into links).

    Raises:
        ValueError: There is none.
    """
    found = sorted(
        path
        for path in folder.glob('**/*' if recursive else '*')
        if path.suffix.lower() in EXTENSIONS
        and not path.name.startswith('.')
        and path.is_file()
    )
    if not found:
        raise ValueError(
            f'{folder} holds no picture, allowed: files ending in {EXTENSIONS}'
        )
    return found


def read_split(name: str) -> List[str]:
    """Read one of the lists that ``make_splits.py`` (tools) writes."""
    lines = (SPLITS / f'{name}.txt').read_text('utf-8-sig').splitlines()
    return [line for line in lines if not line.startswith('#')]


def _check_found(missing: Sequence[str], what: str) -> None:
    if missing:
        more = ' ...' if len(missing) > 10 else ''
        raise ValueError(
            f'{len(missing)} {what}: {", ".join(missing[:10])}{more}'
        )
