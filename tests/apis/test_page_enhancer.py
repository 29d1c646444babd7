"""What users of the page get, without the page."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import write_random_weights
from PIL import Image

from ruas_mm.apis import page_enhancer
from ruas_mm.apis.page_enhancer import PageEnhancer, Upload, result_name
from ruas_mm.files.picture_file import Picture, read_picture, write_picture
from ruas_mm.zoo import COMPARED, ZOO

FREE = [name for name, entry in COMPARED.items() if not entry.weights]
WAIT = 60  # seconds, of which none pass where all is well


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    return write_random_weights(tmp_path_factory.mktemp('weights'), 'RUAS_A')


@pytest.fixture
def enhancer(weights, tmp_path):
    return PageEnhancer(weights, tmp_path)


def write_dark(path, shape=(12, 18), dtype=np.uint8, seed=0, **facts):
    state = np.random.RandomState(seed)
    peak = np.iinfo(dtype).max // 5
    rgb = state.randint(0, peak, (*shape, 3)).astype(dtype)
    write_picture(path, Picture(rgb, **facts))
    return Upload(str(path), path.name)


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_file_is_full_and_previews_are_upright(enhancer, tmp_path, dtype):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    upload = write_dark(
        tmp_path / 'dark.png', (12, 18), dtype, exif=exif.tobytes()
    )
    upload = upload._replace(name='nicht hell.png')  # as the user calls it
    found = enhancer(upload, 'ruas_s', 1.0)
    result, source = read_picture(found.file), read_picture(upload.path)
    assert found.file.name == 'nicht hell_enhanced.png'
    assert result.rgb.dtype == dtype and result.rgb.shape == (12, 18, 3)
    assert result.exif == source.exif
    assert result.rgb.mean() > source.rgb.mean()
    before, after = Image.open(found.before), Image.open(found.after)
    assert before.size == after.size == (12, 18)
    assert not before.getexif() and not after.getexif()  # turned once
    assert np.asarray(after).mean() > np.asarray(before).mean()
    assert f'18 × 12 pixels, {8 * dtype().itemsize} bits' in found.facts
    assert found.facts.startswith('nicht hell.png')


def test_previews_are_small(tmp_path):
    for dtype in (np.uint8, np.uint16):
        middle = np.iinfo(dtype).max // 2
        pixels = np.full((13000, 1300, 3), middle, dtype)
        page_enhancer.write_preview(tmp_path / 'a.jpg', Picture(pixels))
        preview = Image.open(tmp_path / 'a.jpg')
        assert preview.size == (160, 1600)
        assert abs(np.asarray(preview).mean() - 127) < 1


@pytest.mark.parametrize(
    'name, expected',
    [
        ('night.jpg', 'night_enhanced.jpg'),
        ('bei Nacht, schön.jpg', 'bei Nacht, schön_enhanced.jpg'),
        ('.night.JPG', '.night_enhanced.JPG'),
        ('iphone.heic', 'iphone_enhanced.png'),
        ('a.b.avif', 'a.b_enhanced.png'),
        ('clipboard', 'clipboard_enhanced.png'),
        ('n' * 246 + '.jpg', 'n' * 242 + '_enhanced.jpg'),
        ('ö' * 123 + '.jpg', 'ö' * 121 + '_enhanced.jpg'),
        ('a.' + 'x' * 248, 'a_enhanced.png'),
    ],
)
def test_name_of_the_result(name, expected):
    picture = Picture(np.zeros((1, 1, 3), np.uint8))
    assert result_name(name, picture) == expected


def test_suffix_that_cannot_hold_the_picture():
    deep = Picture(np.zeros((1, 1, 3), np.uint16))
    assert result_name('a.jpg', deep) == 'a_enhanced.png'
    assert result_name('a.tif', deep) == 'a_enhanced.tif'


@pytest.mark.parametrize(
    'name, content, message',
    [
        ('bad.png', b'no picture', 'bad.png: no picture, or a broken'),
        ('empty.jpg', b'', 'empty.jpg: no picture, or a broken'),
        ('gone.png', None, 'gone.png: cannot be read'),
    ],
)
def test_what_cannot_be_read_is_told(
    enhancer, tmp_path, name, content, message
):
    path = tmp_path / 'upload'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        enhancer(Upload(str(path), name), 'ruas_s', 1.0)
    assert str(caught.value).startswith(message)
    assert str(tmp_path) not in str(caught.value)
    assert ' at 0x' not in str(caught.value)  # an object of Python


def test_huge_one_is_refused_before_it_is_decoded(enhancer, tmp_path):
    huge = Image.new('1', (15000, 12000))
    huge.save(tmp_path / 'upload.png')
    upload = Upload(str(tmp_path / 'upload.png'), 'huge.png')
    with pytest.raises(ValueError) as caught:
        enhancer(upload, 'ruas_s', 1.0)
    said = str(caught.value)
    assert said.startswith('huge.png: 15000x12000 is 180,000,000 pixels')
    assert 'allowed: max_pixels=100,000,000' in said


def test_limit_can_be_chosen(tmp_path):
    upload = write_dark(tmp_path / 'a.png', (12, 18))
    assert PageEnhancer(None, tmp_path, 216)(upload, 'ruas_s', 1.0)
    with pytest.raises(ValueError, match='allowed: max_pixels=215'):
        PageEnhancer(None, tmp_path, 215)(upload, 'ruas_s', 1.0)


def test_heic_becomes_png(enhancer, tmp_path):
    pillow_heif = pytest.importorskip('pillow_heif')
    rgb = np.random.RandomState(0).randint(0, 40, (48, 64, 3))
    image = Image.fromarray(rgb.astype(np.uint8))
    pillow_heif.from_pillow(image).save(tmp_path / 'upload')
    upload = Upload(str(tmp_path / 'upload'), 'IMG_0001.HEIC')
    found = enhancer(upload, 'ruas_s', 1.0)
    result = read_picture(found.file)
    assert found.file.name == 'IMG_0001_enhanced.png'
    assert result.rgb.shape == (48, 64, 3)
    assert result.rgb.mean() > read_picture(tmp_path / 'upload').rgb.mean()
    assert Image.open(found.before).size == (64, 48)


@pytest.mark.parametrize(
    'error, message',
    [
        (MemoryError(), 'a.png: does not fit into the memory'),
        (RuntimeError('DefaultCPUAllocator: not enough memory'), 'does not'),
        (RuntimeError('at /tmp/x'), 'a.png: failed, the log of the page'),
        (OSError(28, 'No space left on device', '/tmp/x'), 'No space left'),
    ],
)
def test_what_fails_is_told(enhancer, tmp_path, monkeypatch, error, message):
    def fail(*_):
        raise error

    upload = write_dark(tmp_path / 'a.png')
    monkeypatch.setattr(page_enhancer, 'write_picture', fail)
    with pytest.raises(ValueError, match=message) as caught:
        enhancer(upload, 'ruas_s', 1.0)
    assert '/tmp' not in str(caught.value)


def test_weights_are_read_once_for_all_users(tmp_path, monkeypatch):
    upload, read = write_dark(tmp_path / 'a.png'), []

    class Counted(page_enhancer.LowLightInferencer):
        def __init__(self, name, *arguments):
            read.append(name)
            super().__init__(name, *arguments)

    monkeypatch.setattr(page_enhancer, 'LowLightInferencer', Counted)
    enhancer = PageEnhancer(None, tmp_path)
    assert enhancer.names == [*ZOO, *FREE] and not read
    choices = [
        (name, strength)
        for name in ('ruas_s', 'ruas')
        for strength in (0.0, 0.5, 1.0)
    ] * 2
    with ThreadPoolExecutor(4) as users:
        found = list(users.map(lambda one: enhancer(upload, *one), choices))
    assert sorted(read) == ['ruas', 'ruas_s']
    means = [read_picture(one.file).rgb.mean() for one in found]
    assert means[:6] == means[6:]  # nobody got another's strength
    assert means[0] == read_picture(upload.path).rgb.mean()
    assert means[0] < means[1] < means[2]


@pytest.mark.parametrize('name', ZOO)
def test_users_at_a_time_get_what_one_alone_gets(tmp_path, name):
    enhancer = PageEnhancer(None, tmp_path)
    uploads = [
        write_dark(tmp_path / f'{i}.png', (30 + i, 40), seed=i)
        for i in range(6)
    ]

    def pixels(upload):
        return read_picture(enhancer(upload, name, 1.0).file).rgb

    alone = [pixels(upload) for upload in uploads]
    with ThreadPoolExecutor(6) as users:
        together = list(users.map(pixels, uploads))
    for one, other in zip(alone, together):
        assert np.array_equal(one, other)


def test_two_of_one_name_do_not_meet(enhancer, tmp_path):
    uploads = [
        write_dark(tmp_path / f'{i}.png', seed=i)._replace(name='IMG_1.png')
        for i in range(2)
    ]
    first, second = (enhancer(upload, 'ruas_s', 0.0) for upload in uploads)
    assert first.file.name == second.file.name == 'IMG_1_enhanced.png'
    for upload, found in zip(uploads, (first, second)):
        source, result = read_picture(upload.path), read_picture(found.file)
        assert np.array_equal(source.rgb, result.rgb)


def test_large_ones_wait_for_one_another_alone(
    enhancer, tmp_path, monkeypatch
):
    """A large one ends only when a small one has, and one is in at a time."""
    monkeypatch.setattr(page_enhancer, 'LARGE', 200)
    large = write_dark(tmp_path / 'large.png', (15, 15))
    small = write_dark(tmp_path / 'small.png', (10, 10))
    small_is_done, inside, most = threading.Event(), [], []

    class Slow:
        def __call__(self, rgb):
            if rgb.size < 3 * 200:
                return rgb
            inside.append(1)
            most.append(len(inside))
            waited = small_is_done.wait(WAIT)
            inside.pop()
            assert waited
            return rgb

    monkeypatch.setattr(enhancer, 'inferencer', lambda *_: Slow())
    with ThreadPoolExecutor(3) as users:
        runs = [users.submit(enhancer, large, '', 1.0) for _ in range(2)]
        users.submit(enhancer, small, '', 1.0).result(WAIT)
        small_is_done.set()
        for run in runs:
            run.result(WAIT)
    assert most == [1, 1]


def test_names_that_the_weights_serve(tmp_path):
    file = write_random_weights(tmp_path, 'RUAS_S')
    assert PageEnhancer(file, tmp_path).names == ['ruas_s', *FREE]
    (tmp_path / 'bad.safetensors').write_bytes(b'nothing')
    with pytest.raises(ValueError, match='bad.safetensors'):
        PageEnhancer(tmp_path / 'bad.safetensors', tmp_path)
    with pytest.raises(FileNotFoundError, match='gone'):
        PageEnhancer(tmp_path / 'gone.safetensors', tmp_path)


def test_results_go_with_the_page(weights, tmp_path):
    enhancer = PageEnhancer(weights, tmp_path)
    upload = write_dark(tmp_path / 'a.png')
    file = enhancer(upload, 'ruas_s', 1.0).file
    assert file.exists()
    del enhancer
    assert not file.exists() and Path(upload.path).exists()


def test_compared_enhancers_from_a_folder(tmp_path):
    """Each has its file by its name; ours keep the packaged weights."""
    names = ['zero_dce_pp', 'sci']
    for name in names:
        enhancer = COMPARED[name].load_class()()
        torch.save(enhancer.state_dict(), tmp_path / f'{name}.pth')
    enhancer = PageEnhancer(tmp_path, tmp_path)
    assert enhancer.names == [*ZOO, *names, *FREE]
    upload = write_dark(tmp_path / 'a.png')
    for name in (*names, *FREE):
        enhanced = read_picture(enhancer(upload, name, 1.0).file).rgb
        assert not np.array_equal(enhanced, read_picture(upload.path).rgb)
    only = PageEnhancer(tmp_path / 'sci.pth', tmp_path)
    assert only.names == ['sci', *FREE]
