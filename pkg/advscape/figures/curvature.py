"""Largest Hessian eigenvalue and trace against epsilon."""

from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from advscape.figures.axis import Axis, placed
from advscape.figures.keys import dashed, solid, unordered
from advscape.figures.panels import Panel, picture
from advscape.figures.regions import shade_regimes
from advscape.figures.style import Drawn, apply
from advscape.tables.samples import SAMPLES, of_one_split, split_of

LAMBDA_MAX = r"$\lambda_{\max}$"
SCALED = r"$|w|^2\,\lambda_{\max}$"
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
ARMS = ("aligned", "random", "opposed")
#: what the second differences are of
_ATTACKS = ("attacked again", "noise frozen")
_HESSIANS = unordered("hessian", list(CURVES.values()), "Hessian")
_TERMS = unordered("term", list(TERMS.values()), "term of the trace", skip=len(CURVES))
# the response has one colour wherever it is drawn
_TERMS.looks[TERMS["response"]] = _HESSIANS.looks[CURVES["adversarial", "response"]]
_ARMS = unordered("noise", ARMS, "noise in training", skip=len(CURVES))


def curvature_figure(
    curvature: pd.DataFrame,
    runs: pd.DataFrame,
    finite_scale: pd.DataFrame | None = None,
    *,
    title: str,
    norm: str,
) -> Drawn:
    """One experiment's curvature on its training samples (else its test samples).

    Linear models: which Hessian (the answer to "sharper or flatter?" depends on it), the noise
    arms, and both scaled by |w|^2. Networks: largest eigenvalue and trace, the terms of which the
    trace is the sum, and at how many samples the response is defined; below half of them response
    and total are not measurable. Where they are not, and where a network has kinks, the largest
    curvature at a finite scale stands in the place of the last.

    Args:
        curvature: the experiment's rows of curvature.csv.
        runs: the experiment's rows of runs.csv.
        finite_scale: its rows of finite_scale.csv, where the study has networks.
        title: the experiment in words.
        norm: l2 or linf.
    """
    apply()
    rows, axis = placed(of_one_split(curvature), norm)
    pairs = zip(rows["loss"], rows["hessian"], strict=True)
    rows = rows.assign(x=axis.x(rows["at"]), part=rows["hessian"])
    rows["hessian"] = [CURVES.get(pair) for pair in pairs]
    if runs["collapse_radius"].notna().any():
        title += "\nWhether it is sharper or flatter depends on which Hessian is meant"
        return picture(_linear(rows, runs, axis), title=title)
    scales = None
    if finite_scale is not None and len(finite_scale):
        finite_scale = of_one_split(finite_scale)
        scales, _ = placed(finite_scale[finite_scale["direction"] == "largest"], norm)
    return picture(_network(rows, scales, axis), title=title, foot=SAMPLES[split_of(rows)])


def _linear(rows: pd.DataFrame, runs: pd.DataFrame, axis: Axis) -> list[Panel]:
    aligned = rows[(rows["noise"] == "aligned") & rows["hessian"].notna()]
    arms = rows[rows["hessian"] == CURVES["adversarial", "total"]]
    radii = runs[["hard_margin", "collapse_radius"]].mean()
    shade = partial(
        shade_regimes, hard_margin=radii["hard_margin"], collapse_radius=radii["collapse_radius"]
    )
    return [
        Panel(words, label, _of(chosen, column), axis.horizontal, (key,), column, more=shade)
        for column, label in {"lambda_max": LAMBDA_MAX, "scaled_lambda_max": SCALED}.items()
        for chosen, words, key in (
            (aligned, "aligned noise: Hessians of the losses", _HESSIANS),
            (arms, "noise arms, total Hessian", _ARMS),
        )
    ]


def _network(rows: pd.DataFrame, scales: pd.DataFrame | None, axis: Axis) -> list[Panel]:
    # at epsilon 0 every part is the clean Hessian: a curve that goes no further says nothing
    measured = rows[rows["lambda_max"].notna() & rows["hessian"].notna()]
    beyond = measured.loc[measured["epsilon"] != 0, "hessian"]
    shown = measured[measured["hessian"].isin(beyond)] if len(beyond) else measured
    across = axis.horizontal
    terms = rows[(rows["loss"] == "adversarial") & rows["part"].isin(TERMS)]
    terms = terms.assign(term=terms["part"].map(TERMS))
    at_scale = scales is not None and len(scales) > 0
    return [
        Panel("largest eigenvalue", LAMBDA_MAX, _of(shown, "lambda_max"), across, (_HESSIANS,),
              "curvature"),
        *([_scales(shown, scales, axis)] if scales is not None and at_scale else []),
        Panel("trace", "trace of the Hessian", _of(shown, "trace"), across, (_HESSIANS,), "trace"),
        Panel("terms of the adversarial loss's trace", "trace of the term", _of(terms, "trace"),
              across, (_TERMS,), "trace"),
        *([] if at_scale else [_measurable(rows, axis)]),
    ]  # fmt: skip


def _of(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """A column's values; a part that is exactly 0, as the response at epsilon 0, is none."""
    return rows[rows[column] != 0].assign(y=lambda of: of[column])


def _scales(measured: pd.DataFrame, scales: pd.DataFrame, axis: Axis) -> Panel:
    """The largest curvature at a finite scale, beside the frozen Hessian's largest eigenvalue."""
    again, held = _ATTACKS
    scales = scales.assign(x=axis.x(scales["at"]))
    frozen = measured[measured["hessian"] == CURVES["adversarial", "frozen"]]
    names = {r: f"{r:g} |w|" for r in sorted(scales["scale"].unique())}
    parts = [frozen.assign(y=frozen["lambda_max"], attack=held, scale="0 (Hessian)")]
    parts += [
        scales.assign(y=scales[column], attack=attack, scale=scales["scale"].map(names))
        for column, attack in (("frozen", held), ("total", again))
    ]
    return Panel(
        "largest curvature at a finite scale", "largest second difference", pd.concat(parts),
        axis.horizontal,
        (
            solid(unordered("attack", _ATTACKS, "finite scale")),
            dashed("scale", ["0 (Hessian)", *names.values()], "over a step of"),
        ),
        "curvature",
    )  # fmt: skip


def _measurable(rows: pd.DataFrame, axis: Axis) -> Panel:
    """Share of the samples at which the attack's response exists: a strict, smooth maximum."""
    run = ["noise", "x", "seed"]
    samples = rows.loc[rows["part"] == "frozen", [*run, "n"]]
    valid = rows.loc[rows["part"] == "total", [*run, "n_response"]].dropna()
    share = valid.merge(samples, on=run)
    return Panel(
        "samples with a measurable response", "fraction of the samples",
        share.assign(y=share["n_response"] / share["n"]), axis.horizontal, quantity="share",
        linear=True, zero=False, limits=(-0.03, 1.03), more=_half,
    )  # fmt: skip


def _half(ax: Axes) -> None:
    ax.axhline(0.5, color="0.6", linewidth=0.6, linestyle=":", zorder=0)
