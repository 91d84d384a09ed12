"""Trained networks over epsilon: figures and a table, from the values that claims are about."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from advscape.figures.axis import placed
from advscape.figures.keys import ordered, unordered
from advscape.figures.panels import Panel, picture
from advscape.figures.style import SMALL, TWO_COLUMNS, Drawn, apply
from advscape.statistics.series import Measurement, measured
from advscape.study.columns import columns_of
from advscape.tables.digits import with_spread

_HELD, _AGAIN = "held", "attacked again"
#: terms of the adversarial loss's Hessian, in words
_TERMS = {"frozen": "noise held", "response": "response", "total": "whole"}
_CLEAN = "clean loss"
_LAST = {"checkpoint": "last"}
_TRAIN = {**_LAST, "split": "train"}
_RISE = {**_TRAIN, "attack": "regenerated", "direction": "filter-normalised"}
_ROBUST = {**_LAST, "attack": "pgd", "eval_epsilon": "own"}


def _term(hessian: str, loss: str = "adversarial") -> dict[str, Any]:
    """Rows of curvature.csv."""
    return {**_TRAIN, "loss": loss, "hessian": hessian}


_FROZEN = _term("frozen")


def values(
    folder: Path, experiment: str, table: str, quantity: str, select: dict[str, Any]
) -> pd.DataFrame:
    """A value for each run of an experiment.

    Args:
        folder: of the tables.
        experiment: its name.
        table: that has the quantity.
        quantity: a column, or one that claims know.
        select: column and value of the rows.
    """
    tables = {name: _read(folder / f"{name}.csv") for name in {table, "runs"}}
    return measured(tables, Measurement(experiment, table, quantity, select))


def _read(file: Path) -> pd.DataFrame:
    """A small table, with the empty columns that were left out of it."""
    rows = pd.read_csv(file, keep_default_na=False, na_values=[""])
    return rows.reindex(columns=[*columns_of(file.stem)])


def over_epsilon(folder: Path, experiment: str, scale: float, title: str) -> Drawn:
    """Sharpness over epsilon: curvature at a point and over a scale, and the landscape's rise.

    Args:
        folder: of the tables.
        experiment: its name.
        scale: of the finite steps, relative to the weights.
        title: what the figure says.
    """
    apply()
    of = partial(values, folder, experiment)
    finite, steps = ("finite_scale", "finite_scale"), {**_TRAIN, "scale": scale}
    frozen = of("curvature", "lambda_max", _FROZEN)
    _, axis = placed(frozen[["epsilon"]])
    key = unordered("attack", (_HELD, _AGAIN), "noise")

    def panel(title: str, words: str, **curves: pd.DataFrame) -> Panel:
        rows = pd.concat([
            curve.assign(x=axis.x(curve["epsilon"]), y=curve["value"], attack=name)
            for name, curve in ((_HELD, curves.get("held")), (_AGAIN, curves.get("again")))
            if curve is not None
        ])  # fmt: skip
        return Panel(title, words, rows, axis.horizontal, (key,), title)

    return picture(
        [
            panel("largest eigenvalue", r"$\lambda_{\max}$", held=frozen),
            panel("trace", "trace of the Hessian", held=of("curvature", "trace", _FROZEN)),
            panel(
                f"curvature over {scale:g} |w|", "largest second difference",
                held=of(*finite, {**steps, "attack": "frozen"}),
                again=of(*finite, {**steps, "attack": "regenerated"}),
            ),
            panel("rise of the landscape", "nats", again=of("flatness", "rise", _RISE)),
        ],
        title=title,
    )  # fmt: skip


def hessians(folder: Path, experiments: dict[str, str], title: str) -> Drawn:
    """Largest eigenvalue and trace over epsilon, of the clean loss and the adversarial one's terms.

    Args:
        folder: of the tables.
        experiments: what their panels are called, by their names.
        title: what the figure says.
    """
    apply()
    key = unordered("hessian", (*_TERMS.values(), _CLEAN), "Hessian")
    selects = {words: _term(term) for term, words in _TERMS.items()}
    selects[_CLEAN] = _term("total", "clean")
    quantities = {"lambda_max": r"largest eigenvalue $\lambda_{\max}$", "trace": "trace"}
    panels = []
    for experiment, of in experiments.items():
        for quantity, words in quantities.items():
            rows = pd.concat([
                values(folder, experiment, "curvature", quantity, select).assign(hessian=name)
                for name, select in selects.items()
            ])  # fmt: skip
            _, axis = placed(rows[["epsilon"]])
            rows = rows.assign(x=axis.x(rows["epsilon"]), y=rows["value"])
            panels.append(Panel(of, words, rows, axis.horizontal, (key,), quantity))
    return picture(panels, title=title)


def gaps(folder: Path, experiments: dict[str, str], title: str) -> Drawn:
    """The robust generalization gap over the largest eigenvalue, a point for each run.

    Args:
        folder: of the tables.
        experiments: what their panels are called, by their names.
        title: what the figure says.
    """
    apply()
    run = ["epsilon", "seed"]
    drawn = Figure(figsize=(TWO_COLUMNS, 2.8))
    panels = drawn.subplots(1, len(experiments), sharex=True, sharey=True)
    parts = []
    for ax, (experiment, words) in zip(panels, experiments.items(), strict=True):
        sharp = values(folder, experiment, "curvature", "lambda_max", _FROZEN).set_index(run)
        gap = values(folder, experiment, "robustness", "gap_accuracy", _ROBUST).set_index(run)
        rows = pd.DataFrame({"lambda_max": sharp["value"], "gap": 100 * gap["value"]})
        parts.append(rows.reset_index().assign(experiment=experiment))
        _, axis = placed(parts[-1][["epsilon"]])
        looks = ordered("epsilon", [axis.name(value) for value in axis.order]).looks
        for value, of in rows.groupby("epsilon"):
            name = axis.name(value)
            ax.plot(*of.to_numpy().T, looks[name].marker, color=looks[name].colour, label=name)
        ax.set(xscale="log", xlabel=r"largest eigenvalue $\lambda_{\max}$, noise held", title=words)
    panels[0].xaxis.set_major_locator(LogLocator(subs=(1, 3)))
    panels[0].xaxis.set_major_formatter("{x:g}")
    panels[0].xaxis.set_minor_formatter(NullFormatter())
    panels[0].set(ylabel="robust accuracy,\ntrain minus test (points)")
    drawn.suptitle(title)
    drawn.legend(
        *panels[0].get_legend_handles_labels(), title=r"training $\epsilon$", title_fontsize=SMALL,
        fontsize=SMALL, loc="outside lower center", ncols=len(axis.order), frameon=False,
    )  # fmt: skip
    return Drawn(drawn, pd.concat(parts))


#: a column of means: heading, factor, table, quantity, and rows
Mean = tuple[str, float, str, str, dict[str, Any]]
#: accuracy and sharpness
MEANS: tuple[Mean, ...] = (
    ("clean (%)", 100, "robustness", "accuracy",
     {**_LAST, "split": "test", "eval_epsilon": 0.0}),
    ("robust (%)", 100, "robustness", "accuracy", {**_ROBUST, "split": "test"}),
    ("gap (points)", 100, "robustness", "gap_accuracy", _ROBUST),
    ("lambda_max", 1, "curvature", "lambda_max", _FROZEN),
    ("trace", 1, "curvature", "trace", _FROZEN),
    ("times \\|w\\|^2", 1, "curvature", "scaled_lambda_max", _FROZEN),
    ("rise (nats)", 1, "flatness", "rise", _RISE),
)  # fmt: skip


#: the terms of the Hessian
TERMS: tuple[Mean, ...] = (
    ("lambda_max, clean", 1, "curvature", "lambda_max", _term("total", "clean")),
    ("held", 1, "curvature", "lambda_max", _FROZEN),
    ("whole", 1, "curvature", "lambda_max", _term("total")),
    ("trace, clean", 1, "curvature", "trace", _term("total", "clean")),
    ("Gauss-Newton", 1, "curvature", "trace", _term("gauss-newton")),
    ("functional", 1, "curvature", "trace", _term("functional")),
    ("response", 1, "curvature", "trace", _term("response")),
    ("whole", 1, "curvature", "trace", _term("total")),
)  # fmt: skip


def means(folder: Path, experiments: dict[str, str], columns: Sequence[Mean] = MEANS) -> str:
    """Means of each experiment and epsilon over seeds, with standard deviations, in Markdown.

    Args:
        folder: of the tables.
        experiments: what they are called, by their names.
        columns: of the table; a cell without a value is empty.
    """
    head = ["network", "epsilon", *(heading for heading, *_ in columns)]
    lines = [head, ["---"] * len(head)]
    for experiment, words in experiments.items():
        found = [
            factor * values(folder, experiment, *what).groupby("epsilon")["value"]
            .agg(["mean", "std"]).dropna()
            for _, factor, *what in columns
        ]  # fmt: skip
        _, axis = placed(found[0].index.to_frame())
        lines += [
            [words, axis.name(epsilon), *(_mean(of, epsilon) for of in found)]
            for epsilon in found[0].index
        ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _mean(of: pd.DataFrame, epsilon: float) -> str:
    return with_spread(*of.loc[epsilon]).words if epsilon in of.index else ""
