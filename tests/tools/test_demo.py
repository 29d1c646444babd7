"""The demo tests what it has trained."""

from argparse import ArgumentParser

from conftest import ROOT
from mmengine.config import Config, DictAction


def model_of(command):
    """Of the config that a tool is called with."""
    words = [str(word) for word in command]
    parser = ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    options = parser.parse_args(words[words.index('--cfg-options') :])
    cfg = Config.fromfile(ROOT / words[2])
    cfg.merge_from_dict(options.cfg_options)
    return cfg.model


def test_what_was_trained_is_tested(load_tool, monkeypatch, tmp_path):
    tool = load_tool('demo')
    commands = []

    def run_logged(command, log, env, folder):
        commands.append([word.replace('--amp', '') for word in command])
        if 'train' in log.name:
            (log.parent / 'now/pictures').mkdir(parents=True)
            (log.parent / 'last_checkpoint').write_text('x.pth')

    monkeypatch.setattr(tool, 'run_logged', run_logged)
    monkeypatch.setattr(tool, 'make_demo_set', lambda *_: None)
    monkeypatch.setattr(tool, 'last_table', lambda _: 'a table')
    tool.main(tmp_path, 4, 9)
    backbones = ('vgg16', 'efficientnet_lite0')
    for name, (fetch, train, test) in zip(
        backbones, (commands[:3], commands[3:])
    ):
        assert fetch[1].endswith('get_backbones.py') and fetch[2] == name
        assert 'train.py' in train[1] and 'test.py' in test[1]
        assert test[3] == 'x.pth'
        model = model_of(train)
        assert model == model_of(test)
        assert model.data_preprocessor.scene.type.startswith('ruas_s')
        weights = model.backbone.init_cfg.checkpoint
        assert weights == str(tmp_path / f'{name}.pth')
    assert commands[1][2] == 'configs/ruas_ssd_exdark.py'
