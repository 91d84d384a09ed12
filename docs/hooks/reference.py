"""Results of a study as documentation shows them, for whoever has run it: tables, figures, pages.

    python -m docs.hooks.reference results/cifar10

copies the study's tables, made small, to ``docs/results/cifar10/*.csv``, and draws from these the
figures beside them and the parts between markers of ``docs/results/cifar10.md``. ``make
check-results`` compares with the tables.
"""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from advscape.figures.style import Drawn, save
from advscape.study.columns import NUMBER, columns_of
from advscape.tables.collect import read_texts
from advscape.tables.printed import write_markdown
from docs.hooks import networks, pairs

RESULTS = Path(__file__).resolve().parents[1] / "results"
#: tables that are copied; lines and planes of landscapes are too large
TABLES = (
    "claims", "runs", "robustness", "curvature", "eigenvalues", "maxima", "finite_scale",
    "flatness", "sharpness", "sanity",
)  # fmt: skip
#: significant digits of their numbers
DIGITS = 6
#: columns that the experiment says, and units of what is another number each time
_SAID, _TIMES = ("dataset", "model", "norm"), ("s", "1/s")


@dataclass(frozen=True)
class Shown:
    """What a page shows of a study.

    Attributes:
        figures: by the name of their file, each drawn from the folder of the small tables.
        parts: by the name of their markers, in Markdown, from that folder too.
    """

    figures: Mapping[str, Callable[[Path], Drawn]] = field(default_factory=dict)
    parts: Mapping[str, Callable[[Path], str]] = field(default_factory=dict)


def claims(folder: Path) -> str:
    """The study's claims."""
    with TemporaryDirectory() as scratch:
        write_markdown(folder / "claims.csv", Path(scratch) / "claims.md")
        return (Path(scratch) / "claims.md").read_text(encoding="utf-8")


#: what experiments of studies on networks are called, by their names
_RELU = {"relu": "ReLU, L2", "relu-box": "ReLU, L2 in the pixel box"}
_SMOOTH = {"smooth": "GELU, L2 in the box", "smooth-linf": "GELU, Linf in the box"}

_GELU = {
    "cnn-gelu-mnist": "CNN, GELU, L2", "cnn-gelu-mnist-linf": "CNN, GELU, Linf in the pixel box",
}  # fmt: skip

#: by the name of the study's file and page
PAGES = {
    "mnist": Shown(
        {"sharpens": partial(pairs.figure, title="noise up the gradient sharpens, other does not")},
        {"pairs": pairs.table},
    ),
    "mnist_linf": Shown(
        {"curvature": partial(pairs.figure, title="noise up the gradient: a little up, then down")},
        {"pairs": pairs.table},
    ),
    "cifar10": Shown(
        {
            "curvature": partial(
                networks.over_epsilon, experiment="relu", scale=0.003,
                title="after 16 epochs, adversarial training has not sharpened",
            ),
            "gap": partial(
                networks.gaps, experiments=_RELU,
                title="the sharper networks are those trained at smaller radii",
            ),
        },
        {
            "claims": claims,
            "means": partial(networks.means, experiments=_RELU | _SMOOTH),
        },
    ),
    "cifar10_long": Shown(
        {
            "curvature": partial(
                networks.over_epsilon, experiment="relu", scale=0.003,
                title="after 64 epochs, adversarial training has sharpened",
            ),
        },
        {
            "claims": claims,
            "means": partial(networks.means, experiments={"relu": _RELU["relu"]}),
        },
    ),
    "mnist_curvature": Shown(
        {
            "hessians": partial(
                networks.hessians, experiments=_GELU,
                title="what a Hessian at held noise leaves out grows with the radius",
            ),
        },
        {
            "claims": claims,
            "means": partial(networks.means, experiments=_GELU, columns=networks.TERMS),
        },
    ),
}  # fmt: skip


def copy(results: Path, folder: Path) -> None:
    """Copy a study's tables.

    Args:
        results: ``results/<study>``, finished.
        folder: where to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = (results / f"tables/{table}.csv" for table in TABLES)
    for file in filter(Path.exists, there):  # a study of linear models has fewer
        table = file.stem
        rows = small(read_texts(file), table)
        if len(rows):
            rows.to_csv(folder / f"{table}.csv", index=False, lineterminator="\n")


def small(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    """A table's rows without what says little: digits, empty columns, times.

    Args:
        rows: its cells as texts.
        table: its name. Of flatness only the rise of the attacked loss is left, of curvature
            only training samples, of sanity only checks that failed.
    """
    described = columns_of(table)
    if table == "flatness":
        rows = rows[(rows["quantity"] == "rise") & (rows["attack"] == "regenerated")]
    if table == "curvature":
        rows = rows[rows["split"] == "train"]
    if table == "sanity":
        rows = rows[rows["ok"] == "False"]
    for name, column in described.items():
        # keys stay as they are: rows are found by them
        if name in rows and column.kind == NUMBER and not column.key:
            rows = rows.assign(**{name: rows[name].map(_rounded)})
    if table == "claims":
        return rows  # a page prints them as the study does, which needs all columns
    told = [name for name in rows if name not in _SAID and described[name].unit not in _TIMES]
    return rows[[name for name in told if (rows[name] != "").any()]]


def _rounded(cell: str) -> str:
    return f"{float(cell):.{DIGITS}g}" if cell else cell


def page(name: str, text: str, folder: Path) -> str:
    """A page with its parts written again.

    Args:
        name: of the page.
        text: in Markdown.
        folder: of the small tables.

    Raises:
        ValueError: the page lacks the markers of a part.
    """
    for part, make in PAGES[name].parts.items():
        begin, end = f"<!-- {part}: begin -->\n", f"<!-- {part}: end -->"
        found = re.search(f"{begin}.*?{end}", text, re.DOTALL)
        if found is None:
            raise ValueError(f"{name}.md lacks the markers {begin.strip()} and {end}")
        text = (
            f"{text[: found.start()]}{begin}\n{make(folder).strip()}\n\n{end}{text[found.end() :]}"
        )
    return text


def main(results: Path) -> None:
    """Write all that documentation shows of a study."""
    name = results.name.replace("-", "_")  # as the study's file has it
    folder, file = RESULTS / name, RESULTS / f"{name}.md"
    copy(results, folder)
    for figure, draw in PAGES[name].figures.items():
        save(draw(folder), [folder / f"{figure}.svg"])
    file.write_text(page(name, file.read_text(encoding="utf-8"), folder), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
