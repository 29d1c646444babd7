"""The page in a real browser, without a screen."""

import json
import os
import shutil
import socket
import threading
import time
from contextlib import ExitStack

import numpy as np
import pytest
from conftest import write_random_weights
from PIL import Image

from ruas_mm.files.picture_file import Picture, read_picture, write_picture
from ruas_mm.zoo import ZOO

CHROMIUM, DRIVER = '/usr/bin/chromium', '/usr/bin/chromedriver'
FLAGS = (
    '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic',
    '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--no-proxy-server',
    '--window-size=1280,860',
)  # fmt: skip
NAME = 'bei Nacht, schön.png'
RESULT = 'bei Nacht, schön_enhanced.png'
WAIT = 120  # seconds, of which none pass where all is well


@pytest.fixture
def dark_file(tmp_path):
    """16 bits and turned by a quarter: what a viewer must not lose."""
    state = np.random.RandomState(0)
    rgb = state.randint(1000, 14000, (60, 90, 3)).astype(np.uint16)
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / NAME
    write_picture(path, Picture(rgb, exif=exif.tobytes()))
    return path


@pytest.fixture(scope='module')
def address(tmp_path_factory):
    """The command runs in a thread: libraries are loaded once."""
    pytest.importorskip('gradio')
    folder = tmp_path_factory.mktemp('served')
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    weights = write_random_weights(folder, 'RUAS_A')
    arguments = ['--port', str(port), '--weights', str(weights)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('GRADIO_TEMP_DIR', str(folder / 'gradio'))
        from ruas_mm.apis import page
        from ruas_mm.cli.app import command

        pages, build = [], page.build_page
        patch.setattr(
            page, 'build_page', lambda *a: pages.append(build(*a)) or pages[-1]
        )
        thread = threading.Thread(
            target=command.main,
            kwargs=dict(args=arguments, standalone_mode=False),
            daemon=True,
        )
        thread.start()
        wait_for(lambda: is_open(port))
        yield f'http://127.0.0.1:{port}'
        pages[0].close(verbose=False)
        thread.join(WAIT)


def is_open(port):
    with socket.socket() as connection:
        return connection.connect_ex(('127.0.0.1', port)) == 0


@pytest.fixture(scope='module')
def users(address, tmp_path_factory):
    """Two pages in two browsers, and the folder that they download into."""
    webdriver = pytest.importorskip('selenium.webdriver')
    for program in (CHROMIUM, DRIVER):
        if shutil.which(program) is None:
            pytest.skip(f'no browser: {program} is missing')
    folder = tmp_path_factory.mktemp('browsers')

    def start(name):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f'--user-data-dir={folder / name}'):
            options.add_argument(flag)
        options.set_capability('goog:loggingPrefs', {'performance': 'ALL'})
        downloads = {'download.default_directory': str(folder / 'downloads')}
        options.add_experimental_option('prefs', downloads)
        service = webdriver.ChromeService(executable_path=DRIVER)
        browser = webdriver.Chrome(options=options, service=service)
        stack.callback(browser.quit)
        return Page(browser, address)

    with ExitStack() as stack:
        yield start('one'), start('two'), folder / 'downloads'


def wait_for(what, seconds=WAIT):
    """Ask until ``what`` gives something."""
    deadline = time.time() + seconds
    while time.time() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f'waited {seconds} s for {what.__name__}')


MEAN_OF_PICTURE = """
const canvas = document.createElement('canvas');
const image = arguments[0];
canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
const context = canvas.getContext('2d');
context.drawImage(image, 0, 0);
const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
let sum = 0;
for (let i = 0; i < data.length; i += 4)
  sum += data[i] + data[i + 1] + data[i + 2];
return sum / (3 * canvas.width * canvas.height);
"""
PASTE_FILE = """
const bytes = Uint8Array.from(atob(arguments[0]), c => c.charCodeAt(0));
const clipboardData = new DataTransfer();
clipboardData.items.add(new File([bytes], 'image.png'));
document.dispatchEvent(new ClipboardEvent('paste', {clipboardData}));
"""
LOCAL = ('data:', 'blob:')


class Page:
    """What a user does and sees."""

    def __init__(self, browser, address):
        self.browser, self.address = browser, address
        browser.get(address)
        wait_for(self._upload_field)

    def _find(self, selector):
        return self.browser.find_elements('css selector', selector)

    def _upload_field(self):
        return self._find('#source input[type=file]')

    def upload(self, path):
        wait_for(self._upload_field)[0].send_keys(str(path))

    def facts(self):
        """The line below the button."""
        read = "return document.querySelector('#facts').innerText"
        return self.browser.execute_script(read).strip()

    def wait_for_facts(self, start):
        def facts_about_it():
            return self.facts().startswith(start) and self.facts()

        return wait_for(facts_about_it)

    def pictures(self):
        """Of the slider, loaded."""
        loaded = 'return arguments[0].naturalWidth'
        return [
            image
            for image in self._find('#result img')
            if self.browser.execute_script(loaded, image)
        ]

    def both_pictures(self):
        found = self.pictures()
        return len(found) == 2 and found

    def download_is_possible(self):
        return self._find('#download')[0].is_enabled()

    def download(self):
        wait_for(self.download_is_possible)
        self._find('#download')[0].click()

    def press_button(self):
        self._find('#enhance')[0].click()

    def paste(self, data):
        self.browser.execute_script(PASTE_FILE, data)

    def requests(self):
        """Addresses that the page asked for, not the browser's own."""
        messages = [
            json.loads(entry['message'])['message']
            for entry in self.browser.get_log('performance')
        ]
        return {
            message['params']['request']['url']
            for message in messages
            if message['method'] == 'Network.requestWillBeSent'
            and message['params']['documentURL'].startswith(self.address)
        }


def test_one_user(users, dark_file, tmp_path):
    page, _, downloads = users
    page.press_button()
    page.wait_for_facts('Drop a picture first')

    page.upload(dark_file)
    facts = page.wait_for_facts(f'{NAME}: 90 × 60 pixels, 16 bits')
    assert str(tmp_path) not in facts
    before, after = (
        page.browser.execute_script(MEAN_OF_PICTURE, image)
        for image in wait_for(page.both_pictures)
    )
    assert max(before, after) > min(before, after) + 10  # one is the input
    dark = read_picture(dark_file).rgb.mean() / 256
    assert abs(min(before, after) - dark) < 3
    for image in page.pictures():
        shape = [
            image.get_property(f'natural{s}') for s in ('Width', 'Height')
        ]
        assert shape == [60, 90]  # upright
    if 'RUAS_MM_SCREENSHOT' in os.environ:
        page.browser.save_screenshot(os.environ['RUAS_MM_SCREENSHOT'])
    page.download()
    wait_for((downloads / RESULT).exists)
    found = read_picture(downloads / RESULT)
    assert found.depth == 16 and found.rgb.shape == (60, 90, 3)

    (tmp_path / 'bad <b>.heic').write_bytes(b'no picture')
    page.upload(tmp_path / 'bad <b>.heic')
    facts = page.wait_for_facts('bad <b>.heic: no picture')
    assert str(tmp_path) not in facts
    assert not page.pictures() and not page.download_is_possible()

    page.paste(PNG)
    page.wait_for_facts('image.png: 3 × 2 pixels')
    wait_for(page.both_pictures)
    asked = page.requests()
    assert asked
    own = (*LOCAL, page.address)
    assert not [url for url in asked if not url.startswith(own)]


PNG = (  # 3 x 2 pixels, all of them 9
    'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAFUlEQVR4nGPk5ORkYGBg'
    'YGBgYoABAAIiAB+TO+/7AAAAAElFTkSuQmCC'
)


def test_two_users_at_a_time(users, tmp_path, monkeypatch):
    """Each upload is enhanced only while that of the other user is, too."""
    from ruas_mm.apis.page_enhancer import PageEnhancer

    both, enhance = threading.Barrier(2, timeout=WAIT), PageEnhancer.__call__

    def enhance_together(self, *inputs):
        both.wait()
        return enhance(self, *inputs)

    monkeypatch.setattr(PageEnhancer, '__call__', enhance_together)
    *pages, _ = users
    for i, page in enumerate(pages):
        (tmp_path / str(i)).mkdir()
        path = tmp_path / str(i) / 'IMG_1.png'
        pixels = np.full((20 + i, 30, 3), 10 + 30 * i, np.uint8)
        write_picture(path, Picture(pixels))
        page.upload(path)
    for i, page in enumerate(pages):
        page.wait_for_facts(f'IMG_1.png: 30 × {20 + i} pixels')
        means = [
            page.browser.execute_script(MEAN_OF_PICTURE, image)
            for image in wait_for(page.both_pictures)
        ]
        assert abs(min(means) - (10 + 30 * i)) < 3

    (tmp_path / 'bad.png').write_bytes(b'no picture')
    pages[0].upload(tmp_path / 'bad.png')
    pages[1].press_button()
    pages[0].wait_for_facts('bad.png: no picture')
    wait_for(pages[1].both_pictures)
    assert pages[1].facts().startswith('IMG_1.png: 30 × 21')
    assert pages[1].download_is_possible()


def test_the_zoo_is_in_the_list():
    pytest.importorskip('gradio')
    from ruas_mm.apis.page import build_page
    from ruas_mm.cli.options import enhancer_option

    (choice,) = [
        block
        for block in build_page().blocks.values()
        if block.elem_id == 'enhancer'
    ]
    served = [value for _, value in choice.choices]
    assert served[: len(ZOO)] == list(ZOO) and 'clahe' in served
    (option,) = enhancer_option(lambda: None).__click_params__
    assert choice.value == option.default
