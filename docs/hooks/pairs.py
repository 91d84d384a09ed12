"""Pairs of digits side by side: the figure and the table of the pages on logistic regression."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from advscape.figures.style import SMALL, TWO_COLUMNS, Drawn, apply

_HEIGHT = 2.9
#: part of the collapse radius up to which arms are compared: the loss has a cone there, close to
#: which every curvature is large
_COMPARED = 0.8
#: colours and words of the noise's arms
_ARMS = {
    "aligned": ("C3", "up the loss's gradient: adversarial training"),
    "random": ("C0", "in random directions"),
    "opposed": ("C2", "down the loss's gradient"),
}


def curvature(folder: Path) -> pd.DataFrame:
    """Total Hessians of the adversarial loss below the radius at which a pair collapses.

    Args:
        folder: of curvature.csv and runs.csv.

    Returns:
        The rows, with ``x``, epsilon over that radius, and with the trace of the response.
    """
    runs = pd.read_csv(folder / "runs.csv")
    # the radii are of the data, whatever the noise
    radii = runs.groupby("experiment")[["hard_margin", "collapse_radius"]].first()
    rows = pd.read_csv(folder / "curvature.csv")
    rows = rows[(rows["split"] == "train") & (rows["loss"] == "adversarial")]
    of = ["experiment", "noise", "epsilon"]
    response = rows[rows["hessian"] == "response"].set_index(of)["trace"].rename("response")
    rows = rows[rows["hessian"] == "total"].join(radii, on="experiment").join(response, on=of)
    rows = rows.assign(x=rows["epsilon"] / rows["collapse_radius"])
    return rows[rows["x"] < 1]


def figure(folder: Path, title: str) -> Drawn:
    """The largest eigenvalue by arm, and that of the aligned arm beside the weights' length.

    Args:
        folder: of curvature.csv and runs.csv.
        title: what the first panel says.
    """
    apply()
    rows = curvature(folder)
    drawn = Figure(figsize=(TWO_COLUMNS, _HEIGHT))
    left, right = drawn.subplots(1, 2)
    arms = [noise for noise in _ARMS if noise in set(rows["noise"])]
    for noise in arms:
        _lines(left, rows[rows["noise"] == noise], "lambda_max", _ARMS[noise][0])
    aligned = rows[rows["noise"] == "aligned"]
    colour = _ARMS["aligned"][0]
    _lines(right, aligned, "scaled_lambda_max", colour)
    peaks = aligned.loc[aligned.groupby("experiment")["scaled_lambda_max"].idxmax()]
    right.plot(peaks["x"], peaks["scaled_lambda_max"], "o", color=colour)
    left.set(title=title, ylabel=r"largest eigenvalue $\lambda_{\max}$")
    right.set(title="beside the weights: by the pair", ylabel=r"$|w|^2\,\lambda_{\max}$")
    for ax in (left, right):
        ax.set(yscale="log", xlabel=r"$\epsilon$ / radius at which the weights are 0")
    shown = [Line2D([], [], color=_ARMS[noise][0], label=_ARMS[noise][1]) for noise in arms]
    drawn.legend(
        handles=shown, title="noise in training", title_fontsize=SMALL, fontsize=SMALL,
        loc="outside lower center", ncols=len(arms), frameon=False,
    )  # fmt: skip
    return Drawn(drawn, rows[["experiment", "noise", "x", "lambda_max", "scaled_lambda_max"]])


def _lines(ax: Axes, rows: pd.DataFrame, column: str, colour: str) -> None:
    for _, pair in rows.groupby("experiment"):
        ax.plot(pair["x"], pair[column], color=colour, linewidth=0.8)


def table(folder: Path) -> str:
    """What holds for each pair, in Markdown."""
    rows, robustness = curvature(folder), pd.read_csv(folder / "robustness.csv")
    own = robustness[(robustness["noise"] == "aligned") & (robustness["attack"] == "closed-form")]
    own = own[own["eval_epsilon"] == own["epsilon"]]
    wide = own.pivot(index=["experiment", "epsilon"], columns="split", values=["loss", "accuracy"])
    gaps = pd.DataFrame({
        "loss": wide["loss", "test"] - wide["loss", "train"],
        "accuracy": wide["accuracy", "train"] - wide["accuracy", "test"],
    })  # fmt: skip
    arms = [noise for noise in _ARMS if noise in set(rows["noise"])]
    head = ["pair", "hard margin", "collapses at", "compared at", *arms, "peak", "response", "gaps"]
    lines = [head, ["---"] * len(head)]
    for name, pair in rows.groupby("experiment"):
        aligned = pair[pair["noise"] == "aligned"].set_index("epsilon")
        last = aligned.index[aligned["x"] <= _COMPARED].max()
        ratios = []
        for noise in arms:
            arm = pair[pair["noise"] == noise].set_index("epsilon")["lambda_max"]
            ratios.append(f"{arm[last] / aligned['lambda_max'][0]:.3g}")
        inside = gaps.loc[name]
        inside = inside[inside.index < aligned["collapse_radius"].iloc[0]]
        above = [f"{(inside[gap] > 0).sum()} of {len(inside)}" for gap in ("loss", "accuracy")]
        first, second = str(name).split("-")[1:3]
        lines.append([
            f"{first}, {second}", f"{aligned['hard_margin'].iloc[0]:.3g}",
            f"{aligned['collapse_radius'].iloc[0]:.3g}", f"{last:g}", *ratios,
            f"{aligned['scaled_lambda_max'].idxmax():g}",
            f"{aligned['response'][last] / aligned['trace'][last]:.0%}", "; ".join(above),
        ])  # fmt: skip
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
