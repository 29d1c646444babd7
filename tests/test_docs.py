"""What README and docs tell a user to write and to run."""

import re
import shlex
import sys
from contextlib import suppress
from pathlib import Path

import click
import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

from ruas_mm.cli import main
from ruas_mm.compatibility import is_installed
from ruas_mm.models.architecture import derive_genotype
from ruas_mm.registry import HOOKS, MODELS
from ruas_mm.search.validation_batches import other_half

ROOT = Path(__file__).parent.parent
PAGES = [
    *ROOT.glob('*.md'),
    *ROOT.glob('docs/*.md'),
    *ROOT.glob('configs/**/*.md'),
    *ROOT.glob('ruas_mm/**/*.md'),
]
CONFIGS = {p.stem: p for p in ROOT.glob('configs/**/*.py')}
NETWORKS = {  # what searches leave in their work folders
    stem.replace('supernet', 'subnet'): f'work_dirs/{stem}'
    for stem in CONFIGS
    if 'supernet' in stem
}


def examples(page, language):
    """Code blocks of one language."""
    blocks = (ROOT / page).read_text().split(f'```{language}\n')[1:]
    return [block.split('```')[0] for block in blocks]


def commands(page):
    """Lines of the shell examples, in words."""
    text = '\n'.join(examples(page, 'bash')).replace('\\\n', ' ')
    lines = (shlex.split(line, comments=True) for line in text.splitlines())
    return [words for words in lines if words]


def slug(heading):
    """The anchor that a heading gets."""
    words = re.sub(r'[^\w\- ]', '', heading.strip().lower())
    return words.replace(' ', '-')


def anchors(page):
    headings = re.findall(r'^#+ (.+)$', page.read_text(), re.MULTILINE)
    return set(map(slug, headings))


def by_name(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize('page', PAGES, ids=by_name)
def test_files_that_are_named_exist(page):
    text = page.read_text()
    pattern = r'(?<![\w/.])(?:configs|tools|docs|ruas_mm|tests)/[\w./]+\.\w+'
    for name in re.findall(pattern, text):
        assert (ROOT / name).exists(), name
    for name in re.findall(r'\]\(([^)#:]+)(?:#[\w-]+)?\)', text):
        assert (page.parent / name).exists(), name
    for stem in re.findall(r'\b(ruas_\w*(?:lol|exdark|fivek)\w*)\.py', text):
        assert stem in CONFIGS or stem in NETWORKS, stem


@pytest.mark.parametrize('page', PAGES, ids=by_name)
def test_no_folder_of_one_machine_is_named(page):
    """Messages of errors in tables of what was tried hold such folders."""
    found = re.search(r'site-packages/|/(home|root|tmp)/', page.read_text())
    assert found is None


@pytest.mark.parametrize('page', PAGES, ids=by_name)
def test_sections_that_are_linked_exist(page):
    pattern = r'\]\(([^)#:]*)#([\w-]+)\)'
    for name, section in re.findall(pattern, page.read_text()):
        assert section in anchors(page.parent / name if name else page)


def parse(words):
    """What ``ruas-mm`` makes of its arguments, without running."""
    if words[0] == 'app' and not is_installed('gradio'):
        pytest.skip('no gradio')
    command = main.get_command(None, words[0])
    assert command is not None, words
    return command.make_context(words[0], words[1:])


@pytest.mark.parametrize('page', PAGES, ids=by_name)
def test_commands_take_the_options_that_are_written(page):
    for words in commands(page):
        if words[0] == 'ruas-mm':
            parse(words[1:])


@pytest.mark.parametrize(
    'path', [*PAGES, *CONFIGS.values()], ids=lambda path: path.name
)
def test_commands_within_text_are_known(path):
    """In pages between backquotes, in a config under its heading."""
    text = path.read_text()
    if path.suffix == '.md':
        found = re.findall(r'`ruas-mm\s+([^`]+)`', text)
    else:
        part = text.partition('Command:')[2].partition('Time:')[0]
        found = re.findall(r'(?m)^ +ruas-mm +(.+(?:\n {14}.+)*)', part)
    for line in found:
        with suppress(click.MissingParameter):  # it is only named
            parse(shlex.split(line))


def test_wrong_option_is_noticed():
    with pytest.raises(click.NoSuchOption):
        parse(['enhance', 'photo.jpg', '--variant', 'RUAS_A'])
    with pytest.raises(click.BadParameter):
        parse(['enhance', 'photo.jpg', '--enhancer', 'ruas_b'])


def test_every_option_of_enhance_is_in_its_page():
    text = (ROOT / 'docs/enhancement.md').read_text()
    for option in main.get_command(None, 'enhance').params:
        if isinstance(option, click.Option):
            assert any(name in text for name in option.opts), option


def test_commands_from_top_to_bottom_overwrite_nothing(load_tool, monkeypatch):
    """In one folder, with the work folders that the tools choose."""
    tool, options = load_tool('train'), load_tool('host_options')
    places = {}
    for page in PAGES:
        for words in commands(page):
            if 'tools/train.py' not in words:
                continue
            monkeypatch.setattr(sys, 'argv', words[1:])
            args = tool.parse_args()
            if args.config.startswith('work_dirs/'):  # what was found
                path = Path(args.config)
                assert str(path.parent) == NETWORKS[path.stem]
            else:
                assert (ROOT / args.config).is_file()
            place = args.work_dir or options.default_work_dir(args.config)
            assert places.setdefault(place, args.config) == args.config
    assert len(places) >= 6


SWAV = (
    'mmpretrain::swav/swav_resnet50_8xb32-mcrop-coslr-200e_in1k-224px-96px.py'
)


def recipe(word):
    """The example of docs/recipes.md with this word in it."""
    (found,) = (
        block for block in examples('docs/recipes.md', 'python')
        if word in block
    )  # fmt: skip
    return found


def check_that_it_detects(cfg):
    from mmdet.structures import DetDataSample

    init_default_scope(cfg.default_scope)
    cfg.model.backbone.init_cfg = None  # may need a download
    model = MODELS.build(cfg.model).eval()
    sample = DetDataSample(
        metainfo=dict(
            img_path='dark.jpg', img_shape=(64, 64), scale_factor=(1, 1)
        )
    )
    image = torch.randint(0, 70, (3, 64, 64), dtype=torch.uint8)
    (result,) = model.test_step(dict(inputs=[image], data_samples=[sample]))
    assert 'pred_instances' in result
    keys = {k.split('.')[0] for k in model.state_dict()}
    assert {'backbone', 'neck', 'bbox_head', 'data_preprocessor'} == keys


def test_drop_in_example_of_the_readme_runs(tmp_path):
    example, _ = examples('README.md', 'python')
    assert len(example.strip().splitlines()) == 5
    path = tmp_path / 'mine.py'
    path.write_text(example)
    check_that_it_detects(Config.fromfile(path))


def test_first_recipe_detects_and_draws(tmp_path, monkeypatch):
    """A checkpoint of stock mmdet, one picture, and its drawing."""
    monkeypatch.chdir(tmp_path)
    config, detect = examples('README.md', 'python')
    Path('mine.py').write_text(config)
    cv2.imwrite('photo.jpg', np.full((40, 60, 3), 9, np.uint8))
    cfg = Config.fromfile('mine.py')
    init_default_scope(cfg.default_scope)
    state = MODELS.build(cfg.model).state_dict()
    stock = {k: v for k, v in state.items() if '.scene.' not in k}
    for key, value in stock.items():
        if 'conv_obj' in key:  # sees nothing: boxes take long to draw
            value.fill_(-20 if 'bias' in key else 0)
    assert len(stock) < len(state)
    meta = dict(dataset_meta=dict(classes=('cat',) * 80))
    torch.save(dict(state_dict=stock, meta=meta), 'yolox_s.pth')
    cv2.imwrite('dark.jpg', np.full((40, 60, 3), 9, np.uint8))
    exec(compile(detect, 'README.md', 'exec'), {})
    assert cv2.imread('found/vis/dark.jpg').shape == (40, 60, 3)
    exec(compile(recipe('DetInferencer'), 'docs/recipes.md', 'exec'), {})
    drawn = cv2.imread('found/vis/photo.jpg')
    assert drawn.shape == (40, 60, 3)
    assert np.median(drawn) > 12  # the enhanced picture, not the dark one


def test_example_of_a_pure_python_config_runs(tmp_path):
    """In front of a detector whose preprocessor is named by its class."""
    stock = 'mmdet::retinanet/retinanet_r18_fpn_1x_coco.py'
    (tmp_path / 'text.py').write_text(f'_base_ = {stock!r}')
    Config.fromfile(tmp_path / 'text.py').dump(tmp_path / 'dumped.py')
    name = 'DetDataPreprocessor'
    text = (tmp_path / 'dumped.py').read_text()
    assert f"'{name}'" in text
    (tmp_path / 'my_detector.py').write_text(
        f'from mmdet.models.data_preprocessors import {name}\n'
        + text.replace(f"'{name}'", name)
    )
    (tmp_path / 'mine.py').write_text(recipe('read_base'))
    cfg = Config.fromfile(tmp_path / 'mine.py')
    assert 'SceneDataPreprocessor' in str(cfg.model.data_preprocessor.type)
    check_that_it_detects(cfg)


@pytest.mark.parametrize(
    'word, base',
    [('resnet18_8xb32', ''), ('frozen=True', ''), ('frozen=True', SWAV)],
)
def test_examples_of_names_of_the_zoo(word, base, tmp_path):
    text = recipe(word)
    if base:
        head, tail = text.split('\n', 1)
        text = f'_base_ = {base!r}\n{tail}'.replace(
            'frozen=True,', 'frozen=True, host={{_base_.model.type}},'
        )
    (tmp_path / 'mine.py').write_text(text)
    cfg = Config.fromfile(tmp_path / 'mine.py')
    init_default_scope(cfg.default_scope)
    front = MODELS.build(cfg.model.data_preprocessor)
    assert front.scene.variant == 'RUAS_S'
    kind = type(front.data_preprocessor).__name__
    assert kind == (
        'SelfSupDataPreprocessor' if base
        else 'ClsDataPreprocessor' if 'resnet18' in text
        else 'DetDataPreprocessor'
    )  # fmt: skip


def test_example_of_an_enhancer_of_ones_own():
    code = recipe('class Gamma')
    space = dict(MODELS=MODELS, nn=torch.nn, torch=torch)
    exec(compile(code, 'docs/recipes.md', 'exec'), space)
    front = MODELS.build(
        dict(
            type='ruas_mm.SceneDataPreprocessor',
            scene=dict(type='ruas_mm.Gamma'),
            data_preprocessor=dict(type='ImgDataPreprocessor'),
        )
    )
    dark = torch.full((3, 8, 8), 10, dtype=torch.uint8)
    lit = front(dict(inputs=[dark]))['inputs']
    assert torch.allclose(lit, torch.tensor((10 / 255) ** 0.5 * 255))


def test_example_of_a_rate_of_its_own(tmp_path):
    path = tmp_path / 'linear.py'
    path.write_text(recipe('lr_mult'))
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    cfg.model.backbone.init_cfg = None  # needs a download
    model = MODELS.build(cfg.model)
    scene = set(model.data_preprocessor.scene.parameters())
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    for group in wrapper.param_groups:
        own = scene.issuperset(group['params'])
        assert group['lr'] == pytest.approx(1e-3 if own else 30)


def test_example_of_a_search_of_ones_own(tmp_path):
    """docs/search.md, in front of the detector of the README.

    What is searched has no weights yet.
    """
    detector, search = (
        (ROOT / name).read_text().split('```python\n')[1].split('```')[0]
        for name in ('README.md', 'docs/search.md')
    )
    packaged = "scene='ruas_s_detection', frozen=True"
    assert packaged in detector
    detector = detector.replace(
        packaged, "scene=dict(type='ruas_mm.SceneModule')"
    )
    (tmp_path / 'my_detector.py').write_text(detector)
    (tmp_path / 'search.py').write_text(search)
    cfg = Config.fromfile(tmp_path / 'search.py')
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model)
    assert derive_genotype(model).keys() == {'scene'}
    model.train_only('scene')
    *others, search = cfg.custom_hooks
    assert 'EMAHook' in [other['type'] for other in others]
    hook = HOOKS.build(dict(search))
    assert Path(hook.train_config) == tmp_path / 'my_detector.py'
    assert other_half(cfg.train_dataloader)['dataset']['half'] == 'odd'
    assert cfg.val_cfg is cfg.val_dataloader is cfg.val_evaluator is None
