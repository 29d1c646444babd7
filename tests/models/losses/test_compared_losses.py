"""Losses of compared enhancers: the authors' figures, and they teach."""

import pytest
import torch
from conftest import ROOT, run_command
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import BaseDataElement

from ruas_mm.files.picture_file import read_picture
from ruas_mm.models import (
    PairLIELoss,
    SCILoss,
    ZeroReferenceLoss,
    load_enhancer,
)
from ruas_mm.models.enhancers import EnhancerTraining
from ruas_mm.models.losses.sci_loss import smoothness
from ruas_mm.registry import MODELS

CONFIGS = sorted(
    path
    for path in (ROOT / 'configs/enhancement').glob('*.py')
    if 'EnhancerTraining' in str(Config.fromfile(path).model)
)


@pytest.fixture
def dark(shared):
    rgb = read_picture(shared('lol', 'pairs', 'low', '00001.png')).rgb
    return torch.from_numpy(rgb / 255).float().permute(2, 0, 1)[None]


def test_terms_of_zero_dce(shared, dark):
    """As the authors' code has them for their weights."""
    weights = shared('weights', 'zero_dce', 'Epoch99.pth')
    with torch.no_grad():
        found = ZeroReferenceLoss()(load_enhancer('zero_dce', weights), dark)
    expected = dict(
        loss_spatial=0.00814315,
        loss_colors=5 * 0.00147186,
        loss_exposure=10 * 0.106806,
        loss_smooth=200 * 0.000419361,
    )
    for name, value in expected.items():
        assert found[name].item() == pytest.approx(value, rel=1e-5), name


def test_terms_of_sci(shared, dark):
    enhancer = load_enhancer('sci', shared('weights', 'sci', 'medium.pt'))
    with torch.no_grad():
        (fidelity, smooth) = SCILoss(1)(enhancer, dark).values()
        t = enhancer.illumination(dark)
    assert fidelity.item() == pytest.approx(1.5 * 0.0195412, rel=1e-5)
    # of true colours; the authors' code mixes neighbours: 0.293546
    assert smooth.item() == pytest.approx(0.293798, rel=1e-5)
    assert smooth == smoothness(t, dark)
    calibration = SCILoss().calibrate
    assert sum(p.numel() for p in calibration.parameters()) == 5_619


def test_smoothness_looks_in_all_directions():
    t = torch.zeros(1, 3, 9, 9)
    t[..., 4, 4] = 1
    whole = smoothness(t, torch.zeros_like(t))
    for turned in (t.flip(-1), t.flip(-2), t.transpose(-1, -2)):
        assert smoothness(turned, torch.zeros_like(t)) == whole
    edges = t * 40  # a picture that has the step as well
    assert smoothness(t, edges) < whole / 2
    assert smoothness(torch.ones_like(t), t) == 0


def test_terms_of_pairlie():
    """By hand, of networks that give what is wanted."""

    class Known(torch.nn.Module):
        def retinex(self, y):
            light = torch.full_like(y[:, :1], 0.5)
            return y + 0.1, light, y

    y = torch.full((1, 3, 4, 4), 0.2)
    gt = torch.full((3, 4, 4), 102, dtype=torch.uint8)  # 0.4
    found = PairLIELoss()(Known(), y, [BaseDataElement(gt=gt)])
    expected = dict(
        loss_shared=0.2**2,
        loss_product=(0.1 - 0.3) ** 2,
        loss_reflectance=(0.2 - 0.6) ** 2,
        loss_light=0.3**2,
        loss_smooth=0,
        loss_projection=500 * 0.1**2,
    )
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].item() == pytest.approx(value, abs=1e-5), name
    with pytest.raises(ValueError, match='no gt.*paired=True'):
        PairLIELoss()(Known(), y, [BaseDataElement()])


def batch():
    torch.manual_seed(0)
    dark = torch.randint(0, 60, (2, 3, 32, 32), dtype=torch.uint8)
    sample = BaseDataElement(gt=dark[0] * 3)
    return dict(inputs=list(dark), data_samples=[sample, sample.clone()])


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_learns_and_what_it_learnt_is_exported(path, tmp_path):
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    before = {k: p.clone() for k, p in model.named_parameters()}
    data = model.data_preprocessor(batch(), True)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    totals = []
    for _ in range(5):
        losses = model.train()(**data, mode='loss')
        total = sum(losses.values())
        adam.zero_grad()
        total.backward()
        adam.step()
        totals.append(total.item())
    assert totals[-1] < totals[0]
    for name, parameter in model.named_parameters():
        assert not torch.equal(parameter, before[name]), name
    (result, _) = model.eval().test_step(batch())
    assert result.enhanced.shape == (3, 32, 32)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'iter.pth')
    out = tmp_path / 'out.safetensors'
    options = ['--config', path, '--checkpoint', tmp_path / 'iter.pth']
    code, said = run_command('export', out, *options)
    assert code == 0, said
    enhancer = dict(cfg.model.enhancer)
    loaded = load_enhancer(enhancer.pop('type'), out, **enhancer)
    y = torch.stack(data['inputs'])
    assert torch.equal(loaded.enhance(y), model.enhance(y))


@pytest.mark.parametrize('name', ['zero_dce_pp', 'hla'])
def test_other_curves_learn_by_the_same_loss(name):
    torch.manual_seed(0)
    loss = dict(type='ruas_mm.ZeroReferenceLoss', exposure=0.55)
    model = EnhancerTraining(name, loss)
    y = torch.rand(1, 3, 24, 40) * 0.2
    sum(model(y, mode='loss').values()).backward()
    assert all(p.grad.abs().max() > 0 for p in model.parameters())


def test_mode_is_checked():
    loss = dict(type='ruas_mm.SCILoss')
    with pytest.raises(ValueError, match="mode='train', allowed"):
        EnhancerTraining('sci', loss)(torch.rand(1, 3, 8, 8), mode='train')


@pytest.mark.parametrize(
    'loss, settings',
    [
        (ZeroReferenceLoss, dict(exposure=2)),
        (ZeroReferenceLoss, dict(smoothness=-1)),
        (SCILoss, dict(num_stages=0)),
    ],
)
def test_settings_out_of_range(loss, settings):
    with pytest.raises(ValueError, match=f'{next(iter(settings))}=.*allowed'):
        loss(**settings)
