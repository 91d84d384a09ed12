"""Measures of sharpness against epsilon, in small multiples."""

from dataclasses import replace

import pandas as pd

from advscape.figures.axis import placed
from advscape.figures.keys import Key, solid, unordered
from advscape.figures.panels import Panel, picture
from advscape.figures.style import Drawn, apply
from advscape.sharpness.catalogue import MEASURES
from advscape.tables.samples import SAMPLES, of_one_split, split_of

#: balls and the sign of their radius, in words
BALLS = {
    "": r"$\rho$",
    "l2": r"L2, $\rho$",
    "linf": r"Linf, $\rho$",
    "layer_l2": r"L2 in each layer, $\xi$",
}
LOSSES = ("adversarial", "clean")


def sharpness_figure(sharpness: pd.DataFrame, title: str, norm: str) -> Drawn:
    """One experiment's measures on its training samples (else its test samples), a panel for each.

    A family of measures begins a row, and its panels have the same kind of axis.

    Args:
        sharpness: the experiment's rows of sharpness.csv.
        title: the experiment in words.
        norm: l2 or linf, of the threat model.
    """
    apply()
    rows, axis = placed(of_one_split(sharpness).fillna({"ball": ""}), norm)
    rows = rows.assign(
        x=axis.x(rows["at"]), y=rows["value"], loss=rows["loss"] + " loss",
        radius=[f"{radius:g}" for radius in rows["radius"]],
    )  # fmt: skip
    losses = unordered("loss", [f"{loss} loss" for loss in LOSSES])
    radii = sorted(set(rows["radius"]) - {"nan"}, key=float)
    found = rows.groupby(["measure", "ball"]).groups
    panels: list[Panel] = []
    families: list[str] = []
    for name, measure in MEASURES.items():
        for ball in BALLS:
            if (name, ball) not in found:
                continue
            of = rows.loc[found[name, ball]]
            index = set(of["radius"]) == {"nan"}
            panels.append(
                Panel(
                    _title(measure.label, ball, of), _words(of), of, axis.horizontal,
                    _keys(of, losses, radii), "index" if index else measure.family,
                    breaks=measure.family not in families,
                )
            )  # fmt: skip
            families.append(measure.family)
    if len(set(families)) == len(families):  # one panel of each: no reason for a row of each
        panels = [replace(panel, breaks=False) for panel in panels]
    return picture(panels, title=title, foot=SAMPLES[split_of(sharpness)])


def _title(label: str, ball: str, rows: pd.DataFrame) -> str:
    of = set(rows["radius"])
    if of == {"nan"}:
        return label
    # in one line with its sign
    radius = f"\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{of.pop()}" if len(of) == 1 else ""
    return f"{label}\n{BALLS[ball]}{radius}"


def _words(rows: pd.DataFrame) -> str:
    if set(rows["radius"]) == {"nan"}:
        return "index"
    losses = set(rows["loss"])
    return f"rise of the {losses.pop()} (nats)" if len(losses) == 1 else "rise of the loss (nats)"


def _keys(rows: pd.DataFrame, losses: Key, radii: list[str]) -> tuple[Key, ...]:
    """Colours for the losses, marks for the radii where there are several."""
    if rows["radius"].nunique() == 1:
        return (losses,)
    return solid(losses), unordered("radius", radii, "radius")
