"""Make an ExDark folder out of the images at hand.

    python tools/dataset_converters/make_exdark_subset.py
        IMAGES ANNOTATIONS LIST OUT

IMAGES holds <Class>/<name>, ANNOTATIONS is the official archive or its
unpacked folder, LIST is ``imageclasslist.txt``. OUT gets links to the images,
their annotations, and a list of them alone (same rows, same subsets).
"""

import argparse
import sys
import zipfile
from pathlib import Path

from link_file import link_file

from ruas_mm.datasets.exdark_files import read_image_list
from ruas_mm.files.atomic_write import atomic_write


def read_annotations(source: Path) -> dict:
    """``<Class>/<name>.txt``, in lower case, to the file's content."""
    if source.is_dir():
        return {
            '/'.join(path.parts[-2:]).casefold(): path.read_bytes()
            for path in source.rglob('*.txt')
        }
    with zipfile.ZipFile(source) as archive:
        return {
            '/'.join(name.split('/')[-2:]).casefold(): archive.read(name)
            for name in archive.namelist()
            if name.endswith('.txt')
        }


def main(images: Path, annotations: Path, image_list: Path, out: Path) -> None:
    """Link, copy and write the list.

    Raises:
        ValueError: No image, one without annotation, a broken list, or OUT
            is the data set.
    """
    listed = out / 'imageclasslist.txt'
    if listed.exists() and listed.samefile(image_list):
        raise ValueError(f'{out} holds {image_list}, allowed: another folder')
    contents = read_annotations(annotations)
    rows = read_image_list(str(image_list))
    text = image_list.read_text('utf-8-sig', errors='replace')
    lines = [line for line in text.splitlines() if line.strip()]
    header, lines = lines[: -len(rows) or None], lines[-len(rows) :]
    by_name = {
        f'{row.folder}/{row.name}'.casefold(): line
        for row, line in zip(rows, lines)
    }
    found = sorted(images.glob('*/*'))
    if not found:
        raise ValueError(f'{images} holds no image, allowed: CLASS/NAME.jpg')
    kept = []
    for image in found:
        row = by_name.get('/'.join(image.parts[-2:]).casefold())
        if row is None:
            print(f'{image} is not in {image_list}: left out')
            continue
        folder = image.parent.name
        text = contents.get(f'{folder}/{image.name}.txt'.casefold())
        if text is None:
            raise ValueError(f'{annotations} has no annotation of {image}')
        link_file(image, out / 'ExDark' / folder / image.name)
        with atomic_write(
            out / 'ExDark_Annno' / folder / f'{image.name}.txt'
        ) as temporary:
            temporary.write_bytes(text)
        kept.append(row)
    with atomic_write(listed) as temporary:
        temporary.write_text('\n'.join([*header, *kept, '']))
    print(f'{len(kept)} images in {out}')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('images', type=Path)
    parser.add_argument('annotations', type=Path)
    parser.add_argument('image_list', type=Path, metavar='list')
    parser.add_argument('out', type=Path)
    args = parser.parse_args()
    try:
        main(args.images, args.annotations, args.image_list, args.out)
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        sys.exit(str(error))
