"""Parts of the face detectors against plain loops."""

import math

import pytest
import torch
from mmdet.models.backbones import SSDVGG
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from ruas_mm.models.detectors.face_parts import grown
from ruas_mm.registry import MODELS

ASSIGNER = dict(
    type='mmdet.MaxIoUAssigner',
    pos_iou_thr=0.35,
    neg_iou_thr=0.35,
    min_pos_iou=0.0,
    gt_max_assign_all=False,
)
TRAIN = ConfigDict(
    assigner=ASSIGNER,
    neg_pos_ratio=3,
    smoothl1_beta=1.0,
    allowed_border=-1,
    pos_weight=-1,
)
TEST = ConfigDict(
    nms_pre=5000,
    min_bbox_size=0,
    score_thr=0.05,
    nms=dict(type='nms', iou_threshold=0.3),
    max_per_img=750,
)


@pytest.fixture(autouse=True)
def _mmdet(host):
    host('mmdet')


def head_cfg(**changes):
    """Two levels of strides 8 and 16 on a picture of 32 pixels."""
    return (
        dict(
            type='ruas_mm.MaxOutSSDHead',
            in_channels=(8, 8),
            anchor_generator=dict(
                type='AnchorGenerator',
                strides=[8, 16],
                ratios=[1.0],
                scales=[2],
                center_offset=0.5,
            ),
            bbox_coder=dict(
                type='DeltaXYWHBBoxCoder',
                target_stds=[0.1, 0.1, 0.2, 0.2],
                clip_border=False,
            ),
            train_cfg=TRAIN,
            test_cfg=TEST,
        )
        | changes
    )


def maps(batch=2):
    return torch.randn(batch, 8, 4, 4), torch.randn(batch, 8, 2, 2)


FACES = [
    [[3.0, 2, 17, 19], [20, 21, 27, 26], [4, 3, 17, 18]],
    [[0.0, 0, 31, 29]],
]


def samples(faces=FACES, size=(32, 32)):
    return [
        DetDataSample(
            metainfo=dict(img_shape=size, pad_shape=size, scale_factor=(1, 1)),
            gt_instances=InstanceData(
                bboxes=torch.tensor(each).reshape(-1, 4),
                labels=torch.zeros(len(each), dtype=torch.long),
            ),
        )
        for each in faces
    ]


def iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    areas = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    return common / (sum(areas) - common)


def priors():
    """Square anchors of twice the stride, centres (j + .5) * stride."""
    return [
        [(j - 0.5) * s, (i - 0.5) * s, (j + 1.5) * s, (i + 1.5) * s]
        for s, side in ((8, 4), (16, 2))
        for i in range(side)
        for j in range(side)
    ]


def matched(faces, threshold=0.35):
    """Face of each prior, None for the background."""
    owners = []
    for prior in priors():
        best = max(range(len(faces)), key=lambda f: iou(faces[f], prior))
        enough = iou(faces[best], prior) >= threshold
        owners.append(best if enough else None)
    for face in range(len(faces)):
        overlaps = [iou(faces[face], prior) for prior in priors()]
        owners[overlaps.index(max(overlaps))] = face
    return owners


def encoded(face, prior):
    side = prior[2] - prior[0]
    centre = [(b[0] + b[2], b[1] + b[3]) for b in (face, prior)]
    offsets = [(f - p) / 2 / side / 0.1 for f, p in zip(*centre)]
    sizes = [math.log((face[k + 2] - face[k]) / side) / 0.2 for k in (0, 1)]
    return offsets + sizes


def test_matching_and_loss_against_plain_loops():
    head = MODELS.build(head_cfg())
    head.init_weights()
    x = maps()
    found = head.loss(x, samples())
    scores, boxes = [
        torch.cat([t.flatten(2) for t in each], 2).transpose(1, 2).tolist()
        for each in head(x)
    ]
    cls = box = positives = 0
    for number, faces in enumerate(FACES):
        entropy, owners = [], matched(faces)
        for prior, (face, background), deltas, owner in zip(
            priors(), scores[number], boxes[number], owners
        ):
            total = math.log(math.exp(face) + math.exp(background))
            entropy.append(total - (background if owner is None else face))
            if owner is not None:
                for got, wanted in zip(deltas, encoded(faces[owner], prior)):
                    d = abs(got - wanted)
                    box += d * d / 2 if d < 1 else d - 0.5
        hard = sorted(
            (e for e, o in zip(entropy, owners) if o is None), reverse=True
        )
        ours = len(owners) - len(hard)
        cls += sum(e for e, o in zip(entropy, owners) if o is not None)
        cls += sum(hard[: 3 * ours])
        positives += ours
    assert positives >= 5
    assert float(sum(found['loss_cls'])) == pytest.approx(
        cls / positives, rel=1e-4
    )
    assert float(sum(found['loss_bbox'])) == pytest.approx(
        box / positives, rel=1e-4
    )


def test_all_faces_lost_and_no_face_at_all():
    head = MODELS.build(head_cfg())
    losses = head.loss(maps(), samples([[], []]))
    assert all(torch.isfinite(v).all() for v in losses['loss_cls'])
    assert sum(losses['loss_bbox']) == 0


def test_trunk_has_the_layers_of_mmdet():
    with torch.device('meta'):
        stock = SSDVGG(depth=16, ceil_mode=False).state_dict()
        ours = MODELS.build(dict(type='ruas_mm.FaceVGG')).state_dict()
    assert list(ours) == list(stock)
    assert all(ours[k].shape == stock[k].shape for k in stock)


@pytest.mark.parametrize(
    'settings, sizes',
    [
        # 500 x 714 after two pools: 125 x 178, then 62.5 x 89, ...
        (dict(), [(125, 178), (63, 89), (31, 44), (15, 22)]),
        (dict(ceil_pool3=False), [(125, 178), (62, 89), (31, 44), (15, 22)]),
        (dict(dilation=3), [(125, 178), (63, 89), (31, 44), (15, 22)]),
    ],
)
def test_pools_round_as_released(settings, sizes):
    with torch.device('meta'):
        trunk = MODELS.build(dict(type='ruas_mm.FaceVGG', **settings))
        found = trunk(torch.empty(1, 3, 500, 714))
    assert [tuple(f.shape[2:]) for f in found] == sizes
    assert [f.shape[1] for f in found] == [256, 512, 512, 1024]
    assert trunk.features[31].dilation == (settings.get('dilation', 6),) * 2


def test_only_the_highest_score_counts_and_learns():
    head = MODELS.build(head_cfg(num_scores=[(1, 3), (2, 1)]))
    head.init_weights()
    x = maps(1)
    (scores, _), convs = head(x), [level[-1] for level in head.cls_convs]
    for level, (faces, number) in enumerate([(1, 4), (2, 3)]):
        raw = convs[level](x[level])
        assert raw.shape[1] == number
        for position in (0, 3):
            column = raw[0, :, position // 2, position % 2].tolist()
            reduced = scores[level][0, :, position // 2, position % 2]
            assert reduced.tolist() == pytest.approx(
                [max(column[:faces]), max(column[faces:])]
            )
    scores[0][0, 1, 0, 0].backward()
    column = convs[0](x[0])[0, 1:, 0, 0]
    learning = convs[0].bias.grad[1:] != 0
    assert learning.tolist() == (column == column.max()).tolist()
    assert convs[0].bias.grad[0] == 0


def test_one_branch_is_that_branch():
    cfg = head_cfg(num_scores=[(1, 3), (3, 1)])
    single = MODELS.build(dict(cfg))
    single.init_weights()
    del cfg['type'], cfg['train_cfg'], cfg['test_cfg']
    several = MODELS.build(
        dict(
            type='ruas_mm.MultiBranchHead',
            branches=[dict(cfg, name='face')],
            predictor='face',
            train_cfg=TRAIN,
            test_cfg=TEST,
        )
    )
    several.branches['face'].load_state_dict(single.state_dict())
    x = maps()
    expected, losses = single.loss(x, samples()), several.loss(x, samples())
    assert expected.keys() == losses.keys()
    for key in expected:
        for a, b in zip(expected[key], losses[key]):
            assert torch.equal(a, b)
    for a, b in zip(single(x), several(x)):
        assert all(torch.equal(p, q) for p, q in zip(a, b))
    for a, b in zip(
        single.eval().predict(x, samples()),
        several.eval().predict(x, samples()),
    ):
        assert len(a) and torch.equal(a.bboxes, b.bboxes)
        assert torch.equal(a.scores, b.scores)


def test_branches_see_their_maps_targets_and_weights():
    cfg = head_cfg()
    del cfg['type'], cfg['train_cfg'], cfg['test_cfg']
    head = MODELS.build(
        dict(
            type='ruas_mm.MultiBranchHead',
            branches=[
                dict(cfg, name='face', maps=(0, 1)),
                dict(cfg, name='head', maps=(2, 3), growth=2, weight=0.5),
            ],
            predictor='head',
            train_cfg=TRAIN,
            test_cfg=TEST,
        )
    )
    head.init_weights()
    x = (*maps(), *maps())
    losses = head.loss(x, samples())
    assert set(losses) == {
        f'{name}.loss_{part}'
        for name in ('face', 'head')
        for part in ('cls', 'bbox')
    }
    larger = samples()
    for sample in larger:
        sample.gt_instances = grown(sample.gt_instances, 2, (32, 32))
    alone = head.branches['head'].loss(x[2:], larger)
    for part in ('cls', 'bbox'):
        weighted = sum(losses[f'head.loss_{part}'])
        assert weighted == 0.5 * sum(alone[f'loss_{part}'])
    assert torch.equal(head(x)[0][0], head.branches['head'](x[2:])[0][0])
    assert head.num_classes == 1


@pytest.mark.parametrize(
    'growth, expected',
    [
        (1, [[10, 8, 20, 18], [0, 20, 8, 40]]),
        (2, [[5, 3, 25, 23], [0, 10, 12, 40]]),
        (4, [[0, 0, 35, 33], [0, 0, 20, 40]]),
    ],
)
def test_grown_boxes_end_at_the_border(growth, expected):
    faces = InstanceData(
        bboxes=torch.tensor([[10.0, 8, 20, 18], [0, 20, 8, 40]]),
        labels=torch.zeros(2),
    )
    larger = grown(faces, growth, (40, 50))
    assert larger.bboxes.tolist() == expected
    assert torch.equal(larger.labels, faces.labels)
    assert faces.bboxes.tolist() == [[10, 8, 20, 18], [0, 20, 8, 40]]


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(num_classes=2), 'num_classes=2'),
        (dict(num_scores=[(1, 1)]), 'num_scores'),
        (dict(num_scores=[(1, 1), (0, 3)]), 'num_scores'),
        (
            dict(
                anchor_generator=dict(
                    type='AnchorGenerator',
                    strides=[8, 16],
                    ratios=[1.0, 2.0],
                    scales=[2],
                )
            ),
            'anchor_generator',
        ),
    ],
)
def test_wrong_heads_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(head_cfg(**changes))


@pytest.mark.parametrize('names', [('face', 'face'), ('body',)])
def test_branches_have_names_and_a_predictor(names):
    cfg = head_cfg()
    del cfg['type'], cfg['train_cfg'], cfg['test_cfg']
    with pytest.raises(ValueError, match='predictor'):
        MODELS.build(
            dict(
                type='ruas_mm.MultiBranchHead',
                branches=[dict(cfg, name=name) for name in names],
                predictor='face',
            )
        )


def test_norms_start_at_their_scales_and_are_finite_in_the_dark():
    neck = MODELS.build(dict(type='ruas_mm.S3FDNeck'))
    neck.init_weights()
    black = [
        torch.zeros(1, c, 8 // 2**k, 8 // 2**k, requires_grad=True)
        for k, c in enumerate((256, 512, 512, 1024))
    ]
    assert [set(n.weight.tolist()) for n in neck.norms] == [{10}, {8}, {5}]
    sum(f.sum() for f in neck(black)).backward()
    assert all(torch.isfinite(x.grad).all() for x in black)
    x = [torch.rand(1, 256, 8, 8), *black[1:]]
    first = neck(x)[0]
    expected = 10 * x[0] / x[0].square().sum(1, keepdim=True).sqrt()
    assert torch.allclose(first, expected, atol=1e-5)


@pytest.mark.parametrize(
    'genotype, message',
    [(['3-C'] * 3, 'exactly 4'), (['3-C'] * 3 + ['SC'], "'SC'")],
)
def test_searched_neck_refuses_other_genotypes(genotype, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(
            dict(type='ruas_mm.SearchableS3FDNeck', genotype=genotype)
        )
