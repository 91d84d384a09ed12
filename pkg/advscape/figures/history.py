"""What was seen of networks while they were trained."""

from dataclasses import replace

import pandas as pd

from advscape.figures.axis import EPOCHS, placed
from advscape.figures.keys import Key, dashed, solid
from advscape.figures.panels import Panel, picture
from advscape.figures.style import Drawn, apply

#: columns of history.csv by panel, with what a legend calls them
_PANELS = {
    "loss": {"loss": "training batches", "validation_loss": "validation", "test_loss": "test"},
    "accuracy": {
        "accuracy": "training batches",
        "validation_accuracy": "validation",
        "test_accuracy": "test",
    },
}
#: more runs than this have a panel for each set of samples
_TOGETHER = 3
_WORDS = {"loss": "loss under training's attack (nats)", "accuracy": "accuracy under it"}


def history_figure(history: pd.DataFrame, title: str, norm: str) -> Drawn:
    """One experiment's loss and accuracy over the epochs, a colour for each epsilon or variant.

    Args:
        history: the experiment's rows of history.csv.
        title: the experiment in words.
        norm: l2 or linf.
    """
    apply()
    named, axis = placed(history.drop(columns="epoch"), norm)
    rows = axis.named(named).assign(x=history["epoch"])
    samples = dashed("samples", list(_PANELS["loss"].values()), "samples")
    panels = []
    for quantity, columns in _PANELS.items():
        long = rows.melt(["x", "seed", axis.column], list(columns), "samples", "y")
        long["samples"] = long["samples"].map(columns)
        panel = Panel(
            quantity, _WORDS[quantity], long, EPOCHS, (solid(axis.key()), samples), quantity,
            linear=quantity == "accuracy", zero=False, points=False,
        )  # fmt: skip
        panels += _of_samples(panel, axis.key()) if len(axis.order) > _TOGETHER else [panel]
    return picture(panels, title=title, shared=tuple(_PANELS))


def _of_samples(panel: Panel, key: Key) -> list[Panel]:
    """A panel for each set of samples, where one would have too many curves."""
    kinds = panel.rows.dropna(subset="y").groupby("samples", sort=False)
    return [
        replace(panel, title=f"{panel.title}: {samples}", rows=rows, keys=(key,), breaks=i == 0)
        for i, (samples, rows) in enumerate(kinds)
    ]
