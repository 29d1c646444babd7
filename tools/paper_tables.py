"""Rows of the paper's tables and figures that ``reproduce.py`` runs."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Dict, List, Mapping, Optional, Sequence

from benchmarks.compared_methods import BY_TITLE
from mmengine.config import Config

from ruas_mm.models.cells import HIGH_LEVEL_OPERATIONS, LOW_LEVEL_OPERATIONS

CELL, NECK, LEVELS = 7, 4, 6  # places of a cell, a neck and a branch
LOL = 'enhancement/ruas_lol.py'
DETECTION = 'detection/ruas_ssdlite_exdark_mini.py'
SEGMENTATION = 'segmentation/ruas_deeplabv3plus_camvid-dusk_mini.py'
PLAIN_SEGMENTATION = 'segmentation/deeplabv3plus_camvid-dusk_mini.py'
RACCOON = 'detection/ssdlite_raccoon-night_mini.py'
RUAS_RACCOON = 'detection/ruas_ssdlite_raccoon-night_mini.py'
LIGHTS = ('dusk', 'day')  # tested apart
SEARCHES = {
    LOL: 'search/ruas_supernet_lol_mini.py',
    DETECTION: 'search/ruas_ssdlite_supernet_exdark_mini.py',
    RACCOON: 'search/ssdlite_supernet_raccoon-night_mini.py',
    RUAS_RACCOON: 'search/ruas_ssdlite_supernet_raccoon-night_mini.py',
    **dict.fromkeys(
        (SEGMENTATION, PLAIN_SEGMENTATION),
        'search/ruas_deeplabv3plus_supernet_camvid-dusk_mini.py',
    ),
}
"""Config of a network to the config of its search."""


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        name: As in the paper.
        paper: Its figures, in the order of ``COLUMNS``; None where it gives
            pictures alone.
        config: File in ``configs/``.
        options: What differs from the config.
        parts: Parts that are trained one after the other; empty: all at once.
        strategy: Of the search that gives the genotype; None: no search.
        takes: Settings of ``config`` that get one part of what was found;
            empty: the config that the search has written, with all of it.
        light: Of the drives of CamVid to train (and search) on; ``'all'`` or
            one of them. None: another data set.
        folder: Of its runs, where two tables share them; None: its number.
    """

    name: str
    paper: Optional[Sequence[Optional[float]]]
    config: str = LOL
    options: dict = field(default_factory=dict)
    parts: Sequence[str] = ('scene', 'noise_remover')
    strategy: Optional[str] = None
    takes: Mapping[str, str] = field(default_factory=dict)
    light: Optional[str] = None
    folder: Optional[str] = None
    enhancer: Optional[str] = None

    def with_enhancer(self, weights: Optional[Path]) -> 'Row':
        """Its enhancer among the options.

        Args:
            weights: Folder of the weights of ``compared_methods.py``.

        Raises:
            ValueError: It needs weights, and there are none.
        """
        if self.enhancer is None:
            return self
        method = BY_TITLE[self.enhancer]
        if method.weights and weights is None:
            raise ValueError(f'{self.name}: allowed: --weights FOLDER')
        if method.weights and not (weights / method.weights).exists():
            raise ValueError(
                f'{self.name}: --weights {weights}, allowed: a folder with '
                f'{method.weights}'
            )
        scene = dict(method.scene(weights), _delete_=True)
        place = 'model.data_preprocessor.scene'
        options = {k: v for k, v in self.options.items() if k != place}
        options.update({f'{place}.{k}': v for k, v in scene.items()})
        return replace(self, options=options)


def _scene_row(name: str, paper: Optional[tuple], **scene) -> Row:
    options = {f'model.scene.{key}': value for key, value in scene.items()}
    options['model.variant'] = 'RUAS_S'
    return Row(name, paper, options=options, parts=('scene',))


def _heuristic_row(operation: Optional[str], *paper: float) -> Row:
    """The same operation everywhere; None: the supernet as it is."""
    genotype = None if operation is None else [operation] * CELL
    options = {
        f'model.{part}.genotype': genotype
        for part in ('scene', 'noise_remover')
    }
    return Row(operation or 'Supernet', paper, options=options)


def _detection_row(operation: str) -> Row:
    """The same operation in neck and head, and in the scene cell if can be."""
    scene = operation if operation in LOW_LEVEL_OPERATIONS else '3-C'
    head = 'model.bbox_head.genotype'
    options = {
        'model.data_preprocessor.scene.genotype': [scene] * CELL,
        'model.neck.genotype': [operation] * NECK,
        f'{head}.reg': [operation] * LEVELS,
        f'{head}.cls': [operation] * LEVELS,
    }
    return Row(operation, None, DETECTION, options, parts=())


def _light_rows(experiment: str, light: str) -> List[Row]:
    """DeepLabv3+ and what is added to it, trained on some drives."""
    common = dict(parts=(), light=light)
    found = dict(common, strategy='cooperative')
    plain, scene, conversion, both = SEGMENTATION_ROWS
    return [
        Row(f'{experiment} {plain}', None, PLAIN_SEGMENTATION, **common),
        Row(f'{experiment} {scene}', None, SEGMENTATION, **common),
        Row(
            f'{experiment} {conversion}',
            None,
            PLAIN_SEGMENTATION,
            {'model.decode_head.type': 'ruas_mm.SearchableASPPHead'},
            takes={'model.decode_head.genotype': 'head'},
            **found,
        ),
        Row(f'{experiment} {both}', None, SEGMENTATION, **found),
    ]


def _front(light: str, frozen: bool) -> dict:
    """Options of an enhancer of the zoo in front."""
    place = 'model.data_preprocessor'
    return {f'{place}.scene': light, f'{place}.frozen': frozen}


def _packaged_rows(experiment: str, light: str, frozen: bool) -> List[Row]:
    """The rows with a front again, with the packaged one."""
    return [
        replace(
            row,
            name=row.name.replace('scene module', 'packaged front'),
            options=_front('ruas_s', frozen),
        )
        for row in _light_rows(experiment, light)
        if row.config == SEGMENTATION
    ]


def _raccoon_row(
    name: str, paper: Optional[float], folder: str, **kwargs
) -> Row:
    """RUAS as found by a cooperative search, trained as ``kwargs`` say."""
    found = dict(strategy='cooperative', folder=folder)
    kwargs = {'parts': ('end_to_end',), **kwargs}
    return Row(name, paper and (paper,), RUAS_RACCOON, **found, **kwargs)


def _raccoon_packaged(light: str, folder: str, frozen: bool) -> Row:
    """The searched neck and head behind packaged light."""
    options = _front(light, frozen)
    name = f'RUAS, {light.upper()} {"frozen" if frozen else "trained on"}'
    return _raccoon_row(name, None, folder, options=options)


def _lasting_light() -> dict:
    """Options of the scene module in the form that enhancers train.

    In that of the release, l_s alone turns pictures of the night white.
    """
    base = Path(__file__).resolve().parent.parent / 'configs/_base_/ruas.py'
    form = dict(Config.fromfile(base).model.scene)
    form.update({f'tone.{k}': v for k, v in form.pop('tone').items()})
    return {f'model.data_preprocessor.scene.{k}': v for k, v in form.items()}


def _packaged_light(paper: Optional[tuple], name: str) -> Row:
    """A frozen enhancer of the zoo before the plain detector."""
    head = 'model.bbox_head.genotype'
    options = {
        **_front(name, frozen=True),
        'model.neck.genotype': ['3-C'] * NECK,
        f'{head}.reg': ['3-C'] * LEVELS,
        f'{head}.cls': ['3-C'] * LEVELS,
    }
    return Row(
        f'{name.upper()} + TM',
        paper,
        RUAS_RACCOON,
        options,
        parts=('end_to_end',),
        folder=name,
    )


def _backbone_rows(depth: Optional[int], *paper: float) -> List[Row]:
    """The released face detector, plain and whole.

    Args:
        depth: Of a ResNet. None: VGG-16.
        paper: Figures of both; none: the ResNet starts without features of
            ImageNet, so that all of it, norms too, is trained.
    """
    options, name, stem = {}, 'VGG-16', 's3fd'
    if depth is not None:
        name, stem = f'ResNet-{depth}', 's3fd-r50'
        options['model.backbone.depth'] = depth
        checkpoint = f'torchvision://resnet{depth}'
        options['model.backbone.init_cfg.checkpoint'] = checkpoint
    if not paper:
        name = f'from nothing: {name}'
        options = {
            'model.backbone.depth': depth,
            'model.backbone.init_cfg': None,
            'model.backbone.frozen_stages': -1,
            'model.backbone.norm_eval': False,
            'optim_wrapper.paramwise_cfg.custom_keys.backbone.lr_mult': 1,
        }
    return [
        Row(
            f'{name}, {module.upper()}',
            figure and (figure,),
            f'detection/{module}_{stem}_raccoon-night_mini.py',
            options,
            parts=(),
        )
        for module, figure in zip(('tm', 'ruas'), paper or (None, None))
    ]


def _enhancer_rows(row: Row, prefix: str = '') -> List[Row]:
    """Each of :data:`ENHANCERS`, frozen, in front of what a row trains."""
    return [
        replace(
            row,
            name=f'{prefix}{title}',
            paper=None,
            enhancer=title,
            folder='_'.join(f'{prefix}{title}'.lower().split()),
        )
        for title in ENHANCERS
    ]


ENHANCERS = (
    *('gamma .5', 'CLAHE', 'SCI medium', 'Zero-DCE', 'IAT exposure'),
    *('PairLIE, exponent .14', 'KinD, not restored', 'RUAS'),
)
END_TO_END = _raccoon_row('RUAS', 0.685, 'l_t')
TM = Row('TM', (0.611,), RACCOON, parts=(), folder='tm')
SEGMENTATION_ROWS = (
    'DeepLabv3+',
    '+ scene module',
    '+ searched conversion',
    'RUAS, both',
)
QUALITY = ('PSNR', 'SSIM', 'LPIPS')
COST = ('PSNR', 'SSIM', 'SIZE (M)', 'FLOPs (G)')
COLUMNS = dict(
    table2=QUALITY,
    fig3=QUALITY,
    table5=QUALITY,
    table3=COST,
    table4=COST,
    table6=('AP50', 'AP75'),
    table7=('AP50', 'AP75', 'SIZE (M)'),
    table8=('AP50', 'AP75', 'SIZE (M)'),
    table9=('AP50', 'AP75', 'SIZE (M)'),
    detection=('bbox_mAP', 'AP50', 'SIZE (M)'),
    table11=(*(f'mIoU {light}' for light in LIGHTS), 'SIZE (M)'),
)
PAPER_DATA = dict(
    table2='MIT-Adobe FiveK',
    fig3='-',
    table5='LOL, 100 pairs',
    table3='MIT-Adobe FiveK',
    table4='LOL, 100 pairs',
    table6='DARK FACE, mAP',
    table7='DARK FACE, mAP',
    table8='DARK FACE, mAP',
    table9='DARK FACE',
    detection='no such table',
    table11='ACDC at night',
)

TABLES: Dict[str, List[Row]] = {
    'table2': [
        _scene_row('K = 1', (13.013, 0.772, 0.205), num_stages=1),
        _scene_row('K = 2', (20.926, 0.823, 0.172), num_stages=2),
        _scene_row('K = 3', (21.018, 0.855, 0.139), num_stages=3),
        _scene_row('K = 4', (20.857, 0.826, 0.172), num_stages=4),
        _scene_row('K = 5', (20.846, 0.828, 0.162), num_stages=5),
    ],
    'fig3': [
        _scene_row('fixed', None, warm_start='fixed'),
        _scene_row('without rectification', None, warm_start='unrectified'),
        _scene_row(
            'with rectification, gamma .02',
            None,
            warm_start='rectified',
            gamma=0.02,
        ),
        _scene_row(
            'with rectification, gamma .5',
            None,
            warm_start='rectified',
            gamma=0.5,
        ),
    ],
    'table3': [
        _heuristic_row('1-C', 18.829, 0.816, 0.002, 0.495),
        _heuristic_row('3-C', 19.107, 0.823, 0.010, 2.309),
        _heuristic_row('1-RC', 19.151, 0.823, 0.002, 0.495),
        _heuristic_row('3-RC', 19.307, 0.810, 0.010, 2.309),
        _heuristic_row('3-2-DC', 19.154, 0.833, 0.010, 2.309),
        _heuristic_row('3-2-RDC', 19.391, 0.825, 0.010, 2.309),
        Row('RUAS', (21.018, 0.855, 0.003, 0.832), strategy='cooperative'),
        Row('RUAS, released genotype', None),
        _heuristic_row(None, 18.940, 0.819, 0.038, 9.113),
    ],
    # the paper's table has the units of size and FLOPs swapped
    'table4': [
        Row(f'{strategy.capitalize()} search', paper, strategy=strategy)
        for strategy, paper in {
            'global': (14.496, 0.543, 0.004, 1.001),
            'independent': (15.841, 0.584, 0.005, 1.220),
            'cooperative': (18.226, 0.717, 0.003, 0.832),
        }.items()
    ],
    'table6': [
        replace(END_TO_END, name='l_t'),
        _raccoon_row(
            'l_t + lambda l_s',
            0.660,
            'l_t_and_l_s',
            options={'model.scene_weight': 1},
        ),
        _raccoon_row(
            'hierarchical',
            0.693,
            'hierarchical',
            options=_lasting_light(),
            parts=('scene', 'end_to_end'),
        ),
    ],
    'table7': [
        *_backbone_rows(None, 0.611, 0.685),
        *_backbone_rows(50, 0.618, 0.674),
        *_backbone_rows(101, 0.591, 0.657),
        *_backbone_rows(152, 0.604, 0.661),
        *_backbone_rows(50),
        *_backbone_rows(101),
        *_backbone_rows(152),
    ],
    'table8': [
        TM,
        _packaged_light((0.639,), 'ruas_s'),
        _packaged_light(None, 'ruas_s_detection'),
        Row(
            'Search TM',
            (0.655,),
            RACCOON,
            parts=(),
            strategy='global',
            folder='search_tm',
        ),
        END_TO_END,
        _raccoon_packaged('ruas_s', 'light', frozen=True),
        _raccoon_packaged('ruas_s', 'light_trained_on', frozen=False),
        _raccoon_packaged('ruas_s_detection', 'packaged', frozen=True),
        _raccoon_packaged('ruas_s_detection', 'trained_on', frozen=False),
    ],
    'table9': [
        replace(TM, name='none', paper=None),
        _packaged_light(None, 'ruas_s'),
        _packaged_light(None, 'ruas_s_detection'),
        *_enhancer_rows(_packaged_light(None, 'ruas_s')),
    ],
    'detection': [
        *map(_detection_row, HIGH_LEVEL_OPERATIONS[:8]),
        Row('RUAS', None, DETECTION, parts=(), strategy='cooperative'),
    ],
    'table5': [
        _scene_row('RUAS_S', (16.038, 0.513, 0.661)),
        Row('RUAS', (18.226, 0.717, 0.354)),
        Row(
            'RUAS_A',
            (19.751, 0.735, 0.393),
            'enhancement/ruas_a_lol.py',
            parts=('scene', 'noise_estimator', 'noise_remover'),
        ),
    ],
    # A: all drives; the others: day alone, C behind a front that has never
    # seen them, D with that front trained on (hierarchical)
    'table11': [
        *_light_rows('A', 'all'),
        *_light_rows('B', 'day'),
        *_packaged_rows('C', 'day', frozen=True),
        *_packaged_rows('D', 'day', frozen=False),
        *_enhancer_rows(_packaged_rows('E', 'day', frozen=True)[0], 'E '),
    ],
}
