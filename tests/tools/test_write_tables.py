"""Figures stand once, as data, and the pages say what the data say."""

import re

import pytest
from conftest import ROOT

PAGES = ['README.md', *sorted(p.name for p in ROOT.glob('docs/*.md'))]
NAMES = sorted(p.stem for p in ROOT.glob('docs/measured/*.yml'))
TABLE_ALONE = ('machines', 'summary')  # not measured, but put together


@pytest.fixture
def tool(load_tool):
    return load_tool('write_tables')


@pytest.fixture
def made(tool):
    """One measurement and one model."""
    content = dict(
        data='two pairs', seed='0', machine='A', command='python x.py',
        columns=['net', 'PSNR'],
        rows=[['none', '7.90'], ['ours', '{ours_lol: two pairs: PSNR}']],
    )  # fmt: skip
    summary = dict(columns=['what'], rows=[['{one: ours: PSNR} dB']])
    return dict(one=content, summary=summary), {
        'ours_lol': {'two pairs': {'PSNR': '19.50'}}
    }


@pytest.mark.parametrize('page', PAGES)
def test_pages_are_up_to_date(page, tool):
    """If not: python tools/misc/write_tables.py."""
    path = next(p for p in tool.pages() if p.name == page)
    text = path.read_text()
    written = tool.render_page(text, tool.read_measured(), tool.read_models())
    assert written == text


@pytest.mark.parametrize('name', NAMES)
def test_measurement_says_with_what_and_is_shown(name, tool):
    content = tool.read_measured()[name]
    shown = [n for p in tool.pages() for n in places(tool, p)].count(name)
    if name in TABLE_ALONE:
        assert shown >= 1 and set(content) == {'columns', 'rows'}
        return
    assert shown == 1
    assert set(content) == {*tool.TERMS, 'columns', 'rows'}
    assert all(content.values())
    machines = [row[0] for row in tool.read_measured()['machines']['rows']]
    assert re.match(rf'({"|".join(machines)})\b', content['machine'])


def places(tool, page):
    return [m['name'] for m in tool.SECTION.finditer(page.read_text())]


def test_every_result_of_a_model_is_shown(tool):
    """Each metric of a metafile is named by a table of the pages."""
    named = {
        match.groups()
        for content in tool.read_measured().values()
        for row in content['rows']
        for cell in row
        for match in tool.REFERENCE.finditer(cell)
    }
    for name, model in tool.read_models().items():
        model.pop('Metadata')
        for data, metrics in model.items():
            for metric in metrics:
                assert (name, data, metric) in named


def test_figures_of_the_readme_come_from_the_data(tool):
    """No digit in its table of results that is not taken from elsewhere."""
    content = tool.read_measured()['summary']
    assert len(content['rows']) == 4
    for _, *figures in content['rows']:
        for cell in figures:
            assert tool.REFERENCE.search(cell)
            assert not re.search(r'\d', tool.REFERENCE.sub('', cell))
    results = (ROOT / 'README.md').read_text().split('## Results')[1]
    outside = tool.SECTION.sub('', results.split('\n## ')[0])
    assert not re.search(r'\d', outside)


def test_references_are_followed_and_zeros_kept(tool, made):
    page = 'a\n<!-- measured: {} -->\nold\n<!-- end -->\nb\n'
    written = tool.render_page(page.format('one'), *made)
    assert '| ours | 19.50 |' in written and '| none | 7.90 |' in written
    assert '*two pairs; seed 0; machine A*' in written
    assert '```bash\npython x.py\n```' in written and 'old' not in written
    assert written.startswith('a\n<!--') and written.endswith('-->\nb\n')
    assert tool.render_page(written, *made) == written
    assert '| 19.50 dB |' in tool.render_page(page.format('summary'), *made)


@pytest.mark.parametrize(
    'name, figure, printed',
    [
        ('SSIM', '0.820', '.820'),
        ('PSNR', '19.50', '19.50'),
        ('box AP50', '100.0', '1.000'),
        ('box AP', '71.4', '.714'),
        ('Parameters', '35979', '35,979'),
        ('gain', '0', '0'),
    ],
)
def test_figures_of_metafiles_as_printed(name, figure, printed, tool):
    assert tool.as_printed(name, figure) == printed


@pytest.mark.parametrize(
    'text, told',
    [
        ('<!-- measured: one -->\nopen', 'a marker alone'),
        ('<!-- end -->', 'a marker alone'),
        ('<!-- measured: two -->\n<!-- end -->', 'measured: two'),
    ],
)
def test_pages_that_do_not_fit(text, told, tool, made):
    with pytest.raises(ValueError, match=told):
        tool.render_page(text, *made)


@pytest.mark.parametrize(
    'cell', ['{one: nobody: PSNR}', '{three: ours: PSNR}', '{one: ours: AP}']
)
def test_reference_to_nothing(cell, tool, made):
    measured, models = made
    measured['summary']['rows'] = [[cell]]
    page = '<!-- measured: summary -->\n<!-- end -->'
    with pytest.raises(ValueError, match=re.escape(cell)):
        tool.render_page(page, measured, models)


def test_row_that_does_not_fit_its_columns(tool, tmp_path):
    folder = tmp_path / tool.MEASURED
    folder.mkdir(parents=True)
    (folder / 'bad.yml').write_text('columns: [a, b]\nrows:\n  - [1]\n')
    with pytest.raises(ValueError, match='bad.yml'):
        tool.read_measured(tmp_path)
