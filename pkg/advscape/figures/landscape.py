"""1-D landscapes, overlaid by epsilon."""

import pandas as pd

from advscape.figures.axis import Axis, Horizontal, placed
from advscape.figures.panels import Panel, picture
from advscape.figures.rise import with_rise
from advscape.figures.sheet import nothing_to_scan
from advscape.figures.style import Drawn, apply
from advscape.landscape.catalogue import DIRECTIONS

#: what a panel says of its noise
LINEAR = {
    "aligned": "aligned noise\nrecomputed at every point",
    "opposed": "opposed noise\nrecomputed at every point",
    "random": "random noise\nfixed",
}
#: what a network's panels say of theirs: it is measured under PGD, whatever it was trained with
NETWORK = {
    "regenerated": "PGD at every point",
    "frozen": "PGD at the trained weights",
    "none": "clean",
}
#: more epsilons than this cannot be told apart
MOST = 7
#: as many kinds of lines stand beside each other
_BESIDE = 3


def landscape_figure(landscape: pd.DataFrame, title: str, network: bool) -> Drawn:
    """The loss that each run trains on along lines, by epsilon.

    The upper row shows the loss itself, over orders of magnitude; the lower one how far it rises
    above its value at the trained weights, which is what sharpness means. Linear models have a
    column per noise arm, networks one per kind of direction. Of many epsilons some are shown.

    Args:
        landscape: the experiment's rows of landscape.csv.
        title: the experiment in words.
        network: whether the noise is made by PGD.
    """
    apply()
    if landscape.empty:
        return nothing_to_scan(title)
    lines = landscape[~landscape["direction"].str.endswith("plane")]
    lines = lines[lines["split"] == lines["split"].iloc[0]]
    lines, every = placed(lines)
    axis = every.some(MOST)
    lines = lines[lines["at"].isin(axis.order)]
    lines = axis.named(lines).assign(x=lines["alpha"])
    kinds = list((_network_panels(lines) if network else _linear_panels(lines)).items())
    panels = []
    for first in range(0, len(kinds), _BESIDE):
        chosen = kinds[first : first + _BESIDE]
        panels += [_loss(*kind, axis, breaks=kind is chosen[0]) for kind in chosen]
        panels += [_rise(*kind, axis, network, breaks=kind is chosen[0]) for kind in chosen]
    return picture(panels, title=title, within="directions", shared=("loss",), foot=axis.of(every))


def _loss(name: str, rows: pd.DataFrame, axis: Axis, *, breaks: bool) -> Panel:
    split = rows["split"].iloc[0]
    return Panel(
        name, rf"{split} loss at $w+\alpha d$ (nats)", rows.assign(y=rows["loss"]),
        Horizontal(r"$\alpha$"), (axis.key(),), "loss", zero=False, points=False, breaks=breaks,
    )  # fmt: skip


def _rise(name: str, rows: pd.DataFrame, axis: Axis, network: bool, *, breaks: bool) -> Panel:
    rows = with_rise(rows, ["at", "seed", "direction_seed"])
    kind = rows["direction"].iloc[0]
    step = DIRECTIONS[kind].step if network else "1 is the length of w"
    return Panel(
        f"{name.splitlines()[0]}: rise", r"rise above $\alpha=0$ (nats)",
        rows.assign(y=rows["rise"]), Horizontal(rf"$\alpha$ ({step})"), (axis.key(),), "rise",
        linear=True, points=False, breaks=breaks,
    )  # fmt: skip


def _linear_panels(lines: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Each arm's own loss, under what its panel says."""
    own = {arm: "frozen" if arm == "random" else "regenerated" for arm in LINEAR}
    arms = [arm for arm in LINEAR if arm in set(lines["noise"])]
    return {
        LINEAR[arm]: lines[(lines["noise"] == arm) & (lines["attack"] == own[arm])] for arm in arms
    }


def _network_panels(lines: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Each kind of direction, under the strongest attack there is."""
    attack = next(name for name in NETWORK if name in set(lines["attack"]))
    lines = lines[lines["attack"] == attack]
    return {
        f"{kind}\n{NETWORK[attack]}": lines[lines["direction"] == kind]
        for kind in lines["direction"].unique()
    }
