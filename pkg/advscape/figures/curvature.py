"""Largest Hessian eigenvalue and trace against epsilon."""

from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from advscape.figures.axis import Axis, placed
from advscape.figures.style import (
    apply,
    legend_below,
    say_below,
    shade_regimes,
)

LAMBDA_MAX = r"$\lambda_{\max}$"
SCALED = r"$|w|^2\,\lambda_{\max}$"
_MARKERS = ("o", "X", "s", "P")
#: the scale about 0 is straight up to this part of the largest value
_STRAIGHT = 100
#: terms of the adversarial loss's Hessian, in words
TERMS = {
    "gauss-newton": "Gauss-Newton",
    "functional": "network's second derivatives",
    "response": "response",
}
#: the loss and the part of its Hessian, in words
CURVES = {
    ("adversarial", "total"): "adversarial, total",
    ("adversarial", "frozen"): "adversarial, noise frozen",
    ("adversarial", "response"): "adversarial, response only",
    ("clean", "total"): "clean",
}


def curvature_figure(
    curvature: pd.DataFrame,
    runs: pd.DataFrame,
    finite_scale: pd.DataFrame | None = None,
    *,
    title: str,
    norm: str,
) -> Figure:
    """One experiment's curvature on its training samples.

    Linear models: which Hessian (the answer to "sharper or flatter?" depends on it), the noise
    arms, and both scaled by |w|^2. Networks: largest eigenvalue and trace, the terms of which the
    trace is the sum, and at how many samples the response is defined; below half of them response
    and total are not measurable. Where they are not, and where a network has kinks, the largest
    curvature at a finite scale stands in the last place.

    Args:
        curvature: the experiment's rows of curvature.csv.
        runs: the experiment's rows of runs.csv.
        finite_scale: its rows of finite_scale.csv, where the study has networks.
        title: the experiment in words.
        norm: l2 or linf.
    """
    apply()
    rows = curvature[curvature["split"] == "train"].copy()
    rows, axis = placed(rows, norm)
    pairs = zip(rows["loss"], rows["hessian"], strict=True)
    rows["curve"] = [CURVES.get(pair) for pair in pairs]
    if runs["collapse_radius"].notna().any():
        figure = _linear(rows, runs, axis)
        title += "\nWhether it is sharper or flatter depends on which Hessian is meant"
    else:
        scales = None
        if finite_scale is not None and len(finite_scale):
            chosen = (finite_scale["split"] == "train") & (finite_scale["direction"] == "largest")
            scales, _ = placed(finite_scale[chosen], norm)
        figure = _network(rows, scales, axis)
    for ax in figure.axes:
        axis.finish(ax)
    say_below(figure, axis.foot)
    figure.suptitle(title, parse_math=False)
    return figure


def _linear(rows: pd.DataFrame, runs: pd.DataFrame, axis: Axis) -> Figure:
    figure, axes = plt.subplots(2, 2, figsize=(8.8, 8.4))
    aligned = rows[rows["noise"] == "aligned"]
    arms = rows[(rows["loss"] == "adversarial") & (rows["hessian"] == "total")]
    order = list(dict.fromkeys(arms["noise"]))
    measures = {"lambda_max": LAMBDA_MAX, "scaled_lambda_max": SCALED}
    for row, (y, label) in zip(axes, measures.items(), strict=True):
        _lines(row[0], aligned, y, "curve", list(CURVES.values()), axis)
        row[0].set(title="aligned noise: Hessians of the losses", ylabel=label)
        _lines(row[1], arms, y, "noise", order, axis)
        row[1].set(title="noise arms, total Hessian", ylabel=label)
    radii = runs[["hard_margin", "collapse_radius"]].mean()
    for ax in axes.flat:
        shade_regimes(ax, radii["hard_margin"], radii["collapse_radius"])
    return figure


def _network(rows: pd.DataFrame, scales: pd.DataFrame | None, axis: Axis) -> Figure:
    figure, axes = plt.subplots(2, 2, figsize=(9.6, 8.8))
    # at epsilon 0 every part is the clean Hessian: a curve that goes no further says nothing
    measured = rows[rows["lambda_max"].notna() & rows["curve"].notna()]
    beyond = measured.loc[measured["epsilon"] != 0, "curve"]
    shown = measured[measured["curve"].isin(beyond)] if len(beyond) else measured
    order = [curve for curve in CURVES.values() if curve in set(shown["curve"])]
    _lines(axes[0, 0], shown, "lambda_max", "curve", order, axis)
    axes[0, 0].set(title="largest eigenvalue", ylabel=LAMBDA_MAX)
    _lines(axes[0, 1], shown, "trace", "curve", order, axis)
    axes[0, 1].set(title="trace", ylabel="trace of the Hessian")
    _terms(axes[1, 0], rows, axis)
    if scales is None or scales.empty:
        _measurable(axes[1, 1], rows, axis)
    else:
        _scales(axes[1, 1], shown, scales, axis)
    return figure


def _terms(ax: Axes, rows: pd.DataFrame, axis: Axis) -> None:
    """The terms that the adversarial loss's trace is the sum of."""
    chosen = rows[(rows["loss"] == "adversarial") & rows["hessian"].isin(TERMS)]
    chosen = chosen.assign(term=chosen["hessian"].map(TERMS))
    chosen = chosen[chosen["trace"].notna()]
    if chosen.empty:
        ax.remove()
        return
    order = [term for term in TERMS.values() if term in set(chosen["term"])]
    _lines(ax, chosen, "trace", "term", order, axis)
    ax.set(title="terms of the adversarial loss's trace", ylabel="trace of the term")


def _scales(ax: Axes, measured: pd.DataFrame, scales: pd.DataFrame, axis: Axis) -> None:
    """The largest curvature at a finite scale, beside the frozen Hessian's largest eigenvalue."""
    frozen = measured[measured["curve"] == CURVES["adversarial", "frozen"]]
    parts = [frozen.assign(curvature=frozen["lambda_max"], of="noise frozen", at_scale="Hessian")]
    parts += [
        scales.assign(
            curvature=scales[column], of=words, at_scale=[f"{r:g} |w|" for r in scales["scale"]]
        )
        for column, words in (("frozen", "noise frozen"), ("total", "attacked again"))
    ]
    long = pd.concat(parts).rename(columns={"at_scale": "scale r", "of": "attack"})
    sns.lineplot(
        long, x="at", y="curvature", hue="attack", style="scale r", markers=True, ax=ax,
        hue_order=["noise frozen", "attacked again"],
        palette=sns.color_palette()[1::-1],
        **axis.seeds,
    )  # fmt: skip
    ax.set_yscale("log")
    ax.set(title="largest curvature at a finite scale", ylabel="largest second difference")
    legend_below(ax, columns=3, leave_out=("attack",))


def _measurable(ax: Axes, rows: pd.DataFrame, axis: Axis) -> None:
    """Share of the samples at which the attack's response exists: a strict, smooth maximum."""
    run = ["noise", "at", "seed"]
    samples = rows.loc[rows["hessian"] == "frozen", [*run, "n"]]
    valid = rows.loc[rows["hessian"] == "total", [*run, "n_response"]].dropna()
    share = valid.merge(samples, on=run)
    if share.empty:  # without noise nothing responds
        ax.remove()
        return
    share["share"] = share["n_response"] / share["n"]
    sns.lineplot(share, x="at", y="share", marker="o", color="0.3", ax=ax, **axis.seeds)
    ax.axhline(0.5, color="0.6", linewidth=0.8, linestyle=":")
    ax.set(
        title="samples with a measurable response",
        ylabel="fraction of the samples",
        ylim=(-0.03, 1.03),
        xlim=ax.figure.axes[0].get_xlim(),
    )


def _lines(
    ax: Axes, rows: pd.DataFrame, y: str, hue: str, order: Sequence[str], axis: Axis
) -> None:
    # one colour and marker for one curve, also in figures that lack some of the others
    every = {"curve": list(CURVES.values()), "term": list(TERMS.values())}.get(hue, list(order))
    palette = dict(zip(every, sns.color_palette(), strict=False))
    markers = dict(zip(every, _MARKERS, strict=False))
    # a part that is exactly 0, as the response at epsilon 0, has no place on a logarithmic scale
    shown = rows[rows[y] != 0]
    sns.lineplot(
        shown, x="at", y=y, hue=hue, hue_order=order, style=hue, style_order=order,
        palette=palette, markers=markers, dashes=False, ax=ax, **axis.seeds,
    )  # fmt: skip
    if (shown[y] < 0).any():  # a trace may be: straight about 0, logarithmic beyond
        ax.set_yscale("symlog", linthresh=shown[y].abs().max() / _STRAIGHT)
        ax.axhline(0, color="0.6", linewidth=0.8)
    else:
        ax.set_yscale("log")
    legend_below(ax)
