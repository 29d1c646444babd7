"""What a file says besides its pixels stays, wherever it has a place."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from ruas_mm.files.picture_file import (
    Picture,
    check_target_format,
    read_picture,
    target_name,
    write_picture,
)

PIXELS = np.random.RandomState(0).randint(0, 60, (32, 40, 3)).astype(np.uint8)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">dusk</x:xmpmeta>'
TEXT = {'Author': 'Zoë', 'Comment': 'by the lake', 'Long': 'x' * 3000}
HOLDS = {
    'xmp': {'.png', '.jpg', '.tif', '.webp'},
    'dpi': {'.png', '.jpg', '.tif', '.bmp'},
    'exif': {'.png', '.jpg', '.tif', '.webp'},
    'comment': {'.png', '.jpg'},
    'text': {'.png'},
}


def exif_block(order='<', thumbnail=None, behind=b''):
    """Camera and maker's note; a thumbnail, and bytes behind it."""
    mark = {'<': b'II', '>': b'MM'}[order]
    note = b'maker' + bytes(range(64))

    def entry(tag, kind, count, value):
        value = value if isinstance(value, bytes) else struct.pack(
            order + 'I', value
        )  # fmt: skip
        return struct.pack(order + 'HHI', tag, kind, count) + value

    second = 8 + 2 + 2 * 12 + 4
    notes_at = second + 2 + 2 * 12 + 4
    picture_at = notes_at + len(note)
    first = struct.pack(order + 'H', 2)
    first += entry(0x010F, 2, 4, b'cam\0')
    first += entry(0x927C, 7, len(note), notes_at)
    first += struct.pack(order + 'I', second if thumbnail else 0)
    ifd1 = struct.pack(order + 'H', 2)
    ifd1 += entry(0x201, 4, 1, picture_at)
    ifd1 += entry(0x202, 4, 1, len(thumbnail or b''))
    ifd1 += bytes(4)
    head = mark + struct.pack(order + 'HI', 42, 8)
    return (
        b'Exif\0\0' + head + first + ifd1 + note + (thumbnail or b'') + behind
    )


def dark_jpeg():
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, 'JPEG')
    return file.getvalue()


def assert_no_thumbnail(exif, thumbnail):
    assert thumbnail not in exif and thumbnail[100:200] not in exif
    block = Image.Exif()
    block.load(exif)
    assert not block.get_ifd(1)  # the second directory
    assert block[0x010F] == 'cam'
    assert block[0x927C].startswith(b'maker\0\1\2')


@pytest.mark.parametrize('order', ['<', '>'])
@pytest.mark.parametrize('behind', [b'', b'more of the maker'])
@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.webp'])
def test_dark_thumbnail_does_not_stay(tmp_path, suffix, behind, order):
    thumbnail = dark_jpeg()
    block = exif_block(order, thumbnail, behind)
    path = tmp_path / f'a{suffix}'
    Image.fromarray(PIXELS).save(path, exif=block)
    assert thumbnail in path.read_bytes()
    picture = read_picture(path)
    assert_no_thumbnail(picture.exif, thumbnail)
    assert behind in picture.exif
    # nothing in front of it has moved
    link = 6 + 8 + 2 + 2 * 12
    assert picture.exif[:link] == block[:link]
    for target in ('.jpg', '.png', '.webp', '.tif'):
        write_picture(tmp_path / f'b{target}', picture)
        content = (tmp_path / f'b{target}').read_bytes()
        assert thumbnail[100:200] not in content and b'cam' in content


def test_exif_without_a_thumbnail_is_untouched(tmp_path):
    block = exif_block()
    Image.fromarray(PIXELS).save(tmp_path / 'a.jpg', exif=block)
    assert read_picture(tmp_path / 'a.jpg').exif == block


@pytest.mark.parametrize('name', ['xmp', 'xap'])
def test_thumbnail_in_the_xmp_packet_does_not_stay(tmp_path, name):
    packet = (
        f'<a><{name}:Thumbnails><rdf:li>AAAA</rdf:li></{name}:Thumbnails>'
        f'<b/><{name}:Thumbnails/></a>'
    ).encode()
    Image.fromarray(PIXELS).save(tmp_path / 'a.jpg', xmp=packet)
    assert read_picture(tmp_path / 'a.jpg').xmp == b'<a><b/></a>'


def everything(depth=8, grey=False):
    pixels = PIXELS[..., :1].repeat(3, -1) if grey else PIXELS
    pixels = pixels if depth == 8 else pixels.astype(np.uint16) * 257
    return Picture(
        pixels, grey=grey, exif=exif_block(), xmp=XMP, dpi=(300.0, 150.0),
        text=dict(TEXT),
    )  # fmt: skip


@pytest.mark.parametrize('grey', [False, True])
@pytest.mark.parametrize('target', ['.png', '.jpg', '.tif', '.webp', '.bmp'])
@pytest.mark.parametrize(
    'source, depth',
    [('.png', 8), ('.png', 16), ('.jpg', 8), ('.tif', 8), ('.tif', 16),
     ('.webp', 8), ('.bmp', 8)],
)  # fmt: skip
def test_metadata_stay_from_one_format_to_another(
    tmp_path, source, depth, target, grey
):
    if depth == 16 and target not in ('.png', '.tif'):
        target = '.png'
    write_picture(tmp_path / f'a{source}', everything(depth, grey))
    write_picture(
        tmp_path / f'b{target}', read_picture(tmp_path / f'a{source}')
    )
    found = read_picture(tmp_path / f'b{target}')

    def held(what):
        return {source, target} <= HOLDS[what]

    assert found.xmp == (XMP if held('xmp') else None)
    if held('exif'):
        assert b'cam' in found.exif
    if held('dpi'):
        # PNG and BMP count whole pixels a metre
        assert found.dpi == pytest.approx((300, 150), abs=0.013)
    text = TEXT if held('text') else {}
    if held('comment'):
        text = {**text, 'Comment': TEXT['Comment']}
    assert found.text == text


@pytest.mark.parametrize('depth', [8, 16])
def test_each_kind_of_text_in_a_png(tmp_path, depth):
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text('Plain', 'a')
    chunks.add_text('Packed', 'b', zip=True)
    chunks.add_itxt('Titel', 'c ä 夜', 'de', 'Title')
    write_picture(tmp_path / 'a.png', everything(depth))
    content = (tmp_path / 'a.png').read_bytes()
    file = io.BytesIO()
    Image.new('L', (1, 1)).save(file, 'PNG', pnginfo=chunks)
    extra = file.getvalue()[33 : file.getvalue().rindex(b'IDAT') - 4]
    (tmp_path / 'a.png').write_bytes(content[:33] + extra + content[33:])
    picture = read_picture(tmp_path / 'a.png')
    assert picture.depth == depth
    write_picture(tmp_path / 'b.png', picture)
    with Image.open(tmp_path / 'b.png') as image:
        found = image.text
    assert found['Plain'] == 'a' and found['Packed'] == 'b'
    assert found['Titel'] == 'c ä 夜'
    assert (found['Titel'].lang, found['Titel'].tkey) == ('de', 'Title')


def test_exif_of_another_program_in_the_text_of_a_png(tmp_path):
    """ImageMagick's way, in hexadecimal digits."""
    chunks = PngImagePlugin.PngInfo()
    block = exif_block(thumbnail=dark_jpeg())
    chunks.add_text(
        'Raw profile type exif', f'\nexif\n{len(block):8}\n{block.hex()}\n'
    )
    Image.fromarray(PIXELS).save(tmp_path / 'a.png', pnginfo=chunks)
    picture = read_picture(tmp_path / 'a.png')
    assert picture.text == {} and b'cam' in picture.exif
    write_picture(tmp_path / 'b.png', picture)
    assert dark_jpeg()[100:200].hex().encode() not in (
        tmp_path / 'b.png'
    ).read_bytes()  # fmt: skip


@pytest.mark.parametrize(
    'options, expected',
    [
        (dict(dpi=(300, 300)), (300, 300)),
        (dict(), None),  # Pillow makes 72 up
        (dict(exif=exif_block()), None),
    ],
)
def test_resolution_is_none_where_nobody_tells(tmp_path, options, expected):
    Image.fromarray(PIXELS).save(tmp_path / 'a.jpg', **options)
    assert read_picture(tmp_path / 'a.jpg').dpi == expected


def test_xmp_that_is_too_long_for_jpeg_is_left_out(tmp_path):
    picture = everything()
    picture.xmp = b'<a>' + b' ' * 70000 + b'</a>'
    write_picture(tmp_path / 'a.jpg', picture)
    assert read_picture(tmp_path / 'a.jpg').xmp is None
    write_picture(tmp_path / 'a.png', picture)
    assert read_picture(tmp_path / 'a.png').xmp == picture.xmp


def test_exif_that_is_too_long_for_jpeg_is_named(tmp_path):
    picture = everything()
    picture.exif = picture.exif + bytes(70000)
    with pytest.raises(ValueError, match=r'a\.jpg: .*: EXIF'):
        write_picture(tmp_path / 'a.jpg', picture)
    assert not list(tmp_path.iterdir())


COLOURS = {
    b'cICP': bytes([9, 13, 0, 1]),
    b'gAMA': struct.pack('>I', 100_000),
    b'cHRM': struct.pack('>8I', *range(30000, 30008)),
    b'sRGB': b'\1',
}


def write_with_colours(path, depth, colours):
    chunks = PngImagePlugin.PngInfo()
    for name, content in colours.items():
        chunks.add(name, content)
    mode = 'RGB' if depth == 8 else 'I;16'
    Image.new(mode, (3, 2), 9).save(path, pnginfo=chunks)


@pytest.mark.parametrize('depth', [8, 16])
@pytest.mark.parametrize('name', COLOURS)
def test_colours_that_a_png_tells_are_kept(tmp_path, depth, name):
    write_with_colours(tmp_path / 'a.png', depth, {name: COLOURS[name]})
    picture = read_picture(tmp_path / 'a.png')
    assert picture.depth == depth
    write_picture(tmp_path / 'b.png', picture)
    again = read_picture(tmp_path / 'b.png').colour_chunks
    assert again == picture.colour_chunks == {name: COLOURS[name]}


@pytest.mark.parametrize('transfer, name', [(16, 'PQ'), (18, 'HLG')])
def test_png_with_hdr_is_refused(tmp_path, transfer, name):
    colours = {b'cICP': bytes([9, transfer, 0, 1])}
    write_with_colours(tmp_path / 'a.png', 8, colours)
    with pytest.raises(ValueError, match=f'a.png.*PNG with {name} brightness'):
        read_picture(tmp_path / 'a.png')


def test_transparent_grey_of_16_bits(tmp_path):
    pixels = np.array([[7, 3341], [3341, 65535]], np.uint16)
    image = Image.fromarray(pixels)
    image.save(tmp_path / 'a.png', transparency=3341)
    picture = read_picture(tmp_path / 'a.png')
    assert (picture.alpha == [[65535, 0], [0, 65535]]).all()
    assert picture.grey and (picture.rgb[..., 0] == pixels).all()
    write_picture(tmp_path / 'b.png', picture)
    assert (read_picture(tmp_path / 'b.png').alpha == picture.alpha).all()


def header_of_png(width, height):
    """A PNG that says how large it is, and has no pixels."""

    def chunk(name, content):
        return (
            struct.pack('>I', len(content)) + name + content
            + struct.pack('>I', zlib.crc32(name + content))
        )  # fmt: skip

    return (
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0))
        + chunk(b'IDAT', zlib.compress(b''))
        + chunk(b'IEND', b'')
    )


@pytest.mark.parametrize(
    'size, limit, message',
    [
        ((20000, 10001), None, '200,020,000 pixels.*max_pixels=200,000,000'),
        ((10001, 10000), 10**8, '100,010,000 pixels.*max_pixels=100,000,000'),
        # below the limit: read on, and found to be empty
        ((20000, 10000), None, 'truncated'),
    ],
)
def test_limit_of_pixels_is_checked_before_decoding(
    tmp_path, size, limit, message
):
    (tmp_path / 'a.png').write_bytes(header_of_png(*size))
    arguments = () if limit is None else (limit,)
    before = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter('error')  # Pillow's
        with pytest.raises(ValueError, match=message) as error:
            read_picture(tmp_path / 'a.png', *arguments)
    assert ('--max-pixels' in str(error.value)) == ('max_' in message)
    assert before == Image.MAX_IMAGE_PIXELS


def heic(path):
    pillow_heif = pytest.importorskip('pillow_heif')
    pillow_heif.from_pillow(Image.fromarray(PIXELS)).save(path)


def by_pillow(kind):
    return lambda path: Image.fromarray(PIXELS).save(path, kind)


@pytest.mark.parametrize(
    'write',
    [heic, *map(by_pillow, ['JPEG', 'PNG', 'WEBP', 'BMP', 'TIFF', 'AVIF'])],
)
def test_each_format_keeps_the_limit_and_gives_the_same_bytes(tmp_path, write):
    path, pixels = tmp_path / 'a', PIXELS.shape[0] * PIXELS.shape[1]
    write(path)
    with pytest.raises(ValueError, match=f'a: 40x32 is {pixels:,} pixels'):
        read_picture(path, pixels - 1)
    for suffix in ('.png', '.jpg', '.webp', '.bmp', '.tif'):
        contents = set()
        for _ in range(3):
            write_picture(tmp_path / f'b{suffix}', read_picture(path, pixels))
            contents.add((tmp_path / f'b{suffix}').read_bytes())
        assert len(contents) == 1


@pytest.mark.parametrize(
    'name, expected',
    [
        ('a/b.heic', 'a/b.heic.png'),
        ('b.HEIF', 'b.HEIF.png'),
        ('b.avif', 'b.avif.png'),
        ('b.jfif', 'b.jfif'),
        ('b.JPG', 'b.JPG'),
        ('b.mp4', 'b.mp4'),
    ],
)
def test_name_of_the_result(name, expected):
    assert str(target_name(name)) == expected


@pytest.mark.parametrize('suffix', ['.jfif', '.jpe'])
def test_other_names_of_jpeg(tmp_path, suffix):
    write_picture(tmp_path / f'a{suffix}', everything())
    assert (tmp_path / f'a{suffix}').read_bytes()[:3] == b'\xff\xd8\xff'
    assert read_picture(tmp_path / f'a{suffix}').xmp == XMP


@pytest.mark.parametrize('suffix, side', [('.jpg', 65500), ('.webp', 16383)])
def test_size_that_a_format_cannot_hold(tmp_path, suffix, side):
    path = tmp_path / f'a{suffix}'
    picture = Picture(np.zeros((1, side + 1, 3), np.uint8))
    with pytest.raises(ValueError, match=f'cannot hold {side + 1}x1 .*PNG'):
        check_target_format(path, picture)
    picture.rgb = picture.rgb[:, 1:]
    write_picture(path, picture)
    assert read_picture(path).rgb.shape == (1, side, 3)
