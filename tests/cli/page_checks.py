"""The page in a real browser, without a screen."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import write_random_weights
from PIL import Image

from ruas_mm.files.picture_file import Picture, read_picture, write_picture

CHROMIUM, DRIVER = '/usr/bin/chromium', '/usr/bin/chromedriver'
FLAGS = (
    '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic',
    '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--no-proxy-server',
    '--window-size=1280,860',
)  # fmt: skip


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    return write_random_weights(tmp_path_factory.mktemp('weights'), 'RUAS_A')


@pytest.fixture
def dark_file(tmp_path):
    """16 bits and turned by a quarter: what a viewer must not lose."""
    state = np.random.RandomState(0)
    rgb = state.randint(1000, 14000, (60, 90, 3)).astype(np.uint16)
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / 'dark.png'
    write_picture(path, Picture(rgb, exif=exif.tobytes()))
    return path


@pytest.fixture
def app():
    pytest.importorskip('gradio')
    from ruas_mm.cli import app

    return app


@pytest.mark.parametrize('variant', ['RUAS_S', 'RUAS_A'])
def test_result_is_the_full_picture(app, weights, dark_file, variant):
    choice = {name: label for label, name in app.LABELS.items()}[variant]
    results = app.enhance(str(dark_file), choice, 1.0, str(weights))
    (before, after), facts, button = next(results)
    assert before.shape == after.shape == (90, 60, 3)  # upright
    assert after.mean() > before.mean() + 10
    assert facts.startswith('90 × 60 pixels, 16 bits')
    file = Path(button.value['path'] if isinstance(button.value, dict) else
                button.value)  # fmt: skip
    found = read_picture(file)
    assert file.name == 'dark_enhanced.png'
    assert found.depth == 16 and found.rgb.shape == (60, 90, 3)
    assert found.exif == read_picture(dark_file).exif
    assert next(results, None) is None


def test_previews_are_small(app):
    shape = (4000, 2000, 3)
    for dtype in (np.uint8, np.uint16):
        picture = Picture(np.full(shape, np.iinfo(dtype).max // 2, dtype))
        preview = app.make_preview(picture)
        assert preview.shape == (1600, 800, 3) and preview.dtype == np.uint8
        assert abs(preview.mean() - 127) < 1


def test_what_cannot_be_used_is_told(app, weights, tmp_path):
    (tmp_path / 'bad.png').write_bytes(b'no picture')
    choice = next(iter(app.LABELS))
    for source, file, message in (
        (None, weights, 'Drop a picture first'),
        (tmp_path / 'bad.png', weights, '^.?bad.png: no picture'),
        (tmp_path / 'bad.png', 'gone.safetensors', 'gone.safetensors'),
    ):
        source = source and str(source)
        with pytest.raises(app.gr.Error, match=message):
            next(app.enhance(source, choice, 1.0, str(file)))


@pytest.fixture
def server(app, weights, tmp_path):
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    command = [sys.executable, '-m', 'ruas_mm', 'app', '--port', str(port)]
    env = dict(os.environ, OMP_NUM_THREADS='1', GRADIO_TEMP_DIR=str(tmp_path))
    log = tmp_path / 'log'
    with open(log, 'w') as file:
        process = subprocess.Popen(
            [*command, '--weights', str(weights)],
            env=env,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.time() + 120
        while not is_open(port):
            alive = process.poll() is None and time.time() < deadline
            assert alive, log.read_text()
            time.sleep(0.2)
        yield f'http://127.0.0.1:{port}'
    finally:
        process.kill()
        process.wait()


def is_open(port):
    with socket.socket() as connection:
        return connection.connect_ex(('127.0.0.1', port)) == 0


@pytest.fixture
def browser(tmp_path):
    webdriver = pytest.importorskip('selenium.webdriver')
    for program in (CHROMIUM, DRIVER):
        if shutil.which(program) is None:
            pytest.skip(f'no browser: {program} is missing')
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f'--user-data-dir={tmp_path / "profile"}'):
        options.add_argument(flag)
    options.set_capability('goog:loggingPrefs', {'performance': 'ALL'})
    options.add_experimental_option(
        'prefs', {'download.default_directory': str(tmp_path / 'downloads')}
    )
    service = webdriver.ChromeService(executable_path=DRIVER)
    browser = webdriver.Chrome(options=options, service=service)
    yield browser
    browser.quit()


def wait_for(what, seconds=60):
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


def test_page_in_a_browser(server, browser, dark_file, tmp_path):
    browser.get(server)

    def find(selector):
        return browser.find_elements('css selector', selector)

    def upload_field():
        return find('#source input[type=file]')

    def uploaded_picture():
        return find('#source img')

    def result_pictures():
        found = find('#result img')
        loaded = 'return arguments[0].naturalWidth'
        shown = [i for i in found if browser.execute_script(loaded, i)]
        return len(shown) == 2 and shown

    def downloaded_file():
        return (tmp_path / 'downloads' / 'dark_enhanced.png').exists()

    wait_for(upload_field)[0].send_keys(str(dark_file))
    wait_for(uploaded_picture)
    find('#enhance')[0].click()
    means = [
        browser.execute_script(MEAN_OF_PICTURE, image)
        for image in wait_for(result_pictures)
    ]
    assert max(means) > min(means) + 10  # one is the input
    assert abs(min(means) - read_picture(dark_file).rgb.mean() / 256) < 3
    if 'RUAS_MM_SCREENSHOT' in os.environ:
        browser.save_screenshot(os.environ['RUAS_MM_SCREENSHOT'])

    wait_for(lambda: find('#download')[0].is_enabled())
    find('#download')[0].click()
    wait_for(downloaded_file)
    found = read_picture(tmp_path / 'downloads' / 'dark_enhanced.png')
    assert found.depth == 16 and found.rgb.shape == (60, 90, 3)

    asked = requests_of(browser, server)
    assert asked
    assert not [url for url in asked if not url.startswith(LOCAL + (server,))]


LOCAL = ('data:', 'blob:')


def requests_of(browser, page):
    """Addresses that the page asked for, not the browser's own."""
    messages = [
        json.loads(entry['message'])['message']
        for entry in browser.get_log('performance')
    ]
    return {
        message['params']['request']['url']
        for message in messages
        if message['method'] == 'Network.requestWillBeSent'
        and message['params']['documentURL'].startswith(page)
    }
