"""Any folder of pictures: all that enhancement needs for training."""

from pathlib import Path
from typing import List

from mmengine.dataset import BaseDataset

from ruas_mm.datasets.enhancement.paired_images import list_images
from ruas_mm.datasets.image_files import DataNotFoundError
from ruas_mm.registry import DATASETS


@DATASETS.register_module()
class UnlabelledImageDataset(BaseDataset):
    """Every picture in a folder and its subfolders.

    For example DARK FACE's ``image/``, ExtremelyDarkFace, SICE, your own. A
    sample has ``img_path`` alone. Links to folders are not followed.

    Args:
        data_root: The folder.
        **kwargs: Of ``mmengine.dataset.BaseDataset``.

    Raises:
        DataNotFoundError: There is no such folder.
        ValueError: It holds no picture.
    """

    def __init__(self, data_root: str = 'data/unlabelled', **kwargs) -> None:
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> List[dict]:
        """Look for the pictures."""
        folder = Path(self.data_root)
        if not folder.is_dir():
            raise DataNotFoundError(
                f'\nNo folder of pictures: {folder}\n\n'
                f'Put any pictures there (subfolders too): {folder}/**/*.jpg\n'
                'or name another place: export UNLABELLED_ROOT=/path/to/them'
            )
        found = list_images(folder, recursive=True)
        return [dict(img_path=str(path)) for path in found]
