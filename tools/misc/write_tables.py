"""Write the tables of the pages from the figures, each of which stands once.

    python tools/misc/write_tables.py

Figures of a model stand in the metafile beside its config, all others in
``docs/measured/NAME.yml``: columns, rows, and with what they were measured. A
page holds the table between ``<!-- measured: NAME -->`` and ``<!-- end -->``.
A cell may name figures of other files, ``{NAME: first cell of a row: column}``
or ``{config: data set or Metadata: metric}``.
"""

import re
import sys
from pathlib import Path
from typing import Dict, List

import yaml

from ruas_mm.files.atomic_write import atomic_write

ROOT = Path(__file__).resolve().parents[2]
MEASURED = 'docs/measured'
TERMS = ('title', 'data', 'seed', 'machine', 'command')
"""What a measurement says of itself."""
SECTION = re.compile(
    r'(?P<begin><!-- measured: (?P<name>\w+) -->\n)(?P<table>.*?)'
    r'(?P<end><!-- end -->)',
    re.DOTALL,
)
REFERENCE = re.compile(r'\{([\w-]+): ([^{}:]+): ([^{}:]+)\}')
Figures = Dict[str, Dict[str, Dict[str, str]]]


def read_yaml(path: Path) -> dict:
    """Every figure as it is written, trailing zeros too."""
    return yaml.load(path.read_text(), yaml.BaseLoader)


def read_measured(root: Path = ROOT) -> Dict[str, dict]:
    """Name of a file to what is in it.

    Raises:
        ValueError: A row is longer or shorter than the columns.
    """
    found = {}
    for path in sorted((root / MEASURED).glob('*.yml')):
        found[path.stem] = content = read_yaml(path)
        for row in content['rows']:
            if len(row) != len(content['columns']):
                raise ValueError(
                    f'{path}: {row}, allowed: {content["columns"]}'
                )
    return found


def read_models(root: Path = ROOT) -> Figures:
    """Name of a config to data set to metric to figure."""
    found = {}
    for path in sorted(root.glob('configs/*/metafile.yml')):
        for model in read_yaml(path)['Models']:
            found[model['Name']] = figures = {'Metadata': model['Metadata']}
            for result in model.get('Results', []):
                figures.setdefault(result['Dataset'], {}).update(
                    result['Metrics']
                )
    return {
        name: {
            place: {k: as_printed(k, v) for k, v in cells.items()}
            for place, cells in model.items()
        }
        for name, model in found.items()
    }


def as_printed(name: str, figure: object) -> object:
    """As the pages print a figure of a metafile.

    AP, which hosts give in percent, as a share; large numbers in groups of
    three digits; no zero before the point.
    """
    if not isinstance(figure, str):
        return figure
    if 'AP' in name:
        figure = f'{float(figure) / 100:.3f}'
    if figure.isdigit():
        return f'{int(figure):,}'
    return re.sub(r'^0\.', '.', figure)


def all_figures(measured: Dict[str, dict], models: Figures) -> Figures:
    """Where references look: files first, then configs."""
    figures = dict(models)
    for name, content in measured.items():
        columns = content['columns']
        figures[name] = {
            row[0]: dict(zip(columns, row)) for row in content['rows']
        }
    return figures


def resolve(cell: str, figures: Figures) -> str:
    """Put figures in the place of references.

    Raises:
        ValueError: There is no such figure.
    """

    def look_up(match: re.Match) -> str:
        name, row, column = match.groups()
        try:
            return resolve(figures[name][row][column], figures)
        except KeyError as error:
            raise ValueError(f'{match[0]}: no {error}') from None

    return REFERENCE.sub(look_up, cell)


def render(content: dict, figures: Figures) -> str:
    """One table in Markdown, with what it was measured with."""
    rows = [[resolve(c, figures) for c in row] for row in content['rows']]
    lines = [f'| {" | ".join(row)} |' for row in [content['columns'], *rows]]
    lines.insert(1, '|---' * len(content['columns']) + '|')
    table = '\n'.join(lines)
    if 'command' not in content:
        return f'{table}\n'
    seed = content['seed']
    seed = 'no seed' if seed == 'none' else f'seed {seed}'
    terms = [content['data'], seed, f'machine {content["machine"]}']
    text = f'*{"; ".join(terms)}*\n\n{table}\n'
    if content['command'] != 'beside each row':
        text += f'\n```bash\n{content["command"]}\n```\n'
    return text


def render_page(text: str, measured: Dict[str, dict], models: Figures) -> str:
    """A page with all its tables written anew.

    Raises:
        ValueError: It has one marker without the other, or names a table
            that does not exist.
    """
    figures = all_figures(measured, models)
    count = text.count('<!-- measured: ')
    if not count == text.count('<!-- end -->') == len(SECTION.findall(text)):
        raise ValueError('a marker alone, allowed: measured and end in turn')

    def replace(match: re.Match) -> str:
        if match['name'] not in measured:
            raise ValueError(
                f'measured: {match["name"]}, allowed: {list(measured)}'
            )
        table = render(measured[match['name']], figures)
        return match['begin'] + table + match['end']

    return SECTION.sub(replace, text)


def pages(root: Path = ROOT) -> List[Path]:
    """Pages that may hold tables."""
    return [root / 'README.md', *sorted((root / 'docs').glob('*.md'))]


def main() -> None:
    measured, models = read_measured(), read_models()
    for page in pages():
        old = page.read_text()
        new = render_page(old, measured, models)
        if new != old:
            with atomic_write(page) as temporary:
                temporary.write_text(new)
            print(page.relative_to(ROOT))


if __name__ == '__main__':
    try:
        main()
    except ValueError as error:
        sys.exit(str(error))
