"""Traces of the Hessian's diagonal blocks, layer by layer."""

import pandas as pd

from advscape.figures.axis import Horizontal, placed
from advscape.figures.hessians import PARTS, adversarial, parts_of
from advscape.figures.panels import Panel, picture
from advscape.figures.style import Drawn, apply
from advscape.tables.samples import SAMPLES, split_of

#: values of the axis that get a curve
_MOST = 7


def layers_figure(layers: pd.DataFrame, title: str, norm: str) -> Drawn:
    """One experiment's traces by layer of the adversarial loss's Hessians.

    On training samples, else on test samples.

    Args:
        layers: the experiment's rows of layers.csv.
        title: the experiment in words.
        norm: l2 or linf.
    """
    apply()
    rows, every = placed(adversarial(layers), norm)
    axis = every.some(_MOST)
    rows = axis.named(rows[rows["at"].isin(axis.order)])
    names = list(dict.fromkeys(rows["layer"]))
    places = [float(names.index(layer)) for layer in rows["layer"]]
    rows = rows.assign(x=places, y=rows["trace"])
    # lines would lead from kernels to biases and back
    across = Horizontal(labels=tuple(names), joined=False)
    panels = [
        Panel(
            f"Hessian of the adversarial loss, {PARTS[part]}", "trace of the block",
            rows[rows["hessian"] == part], across, (axis.key(),), "trace",
        )
        for part in parts_of(rows)
    ]  # fmt: skip
    foot = [SAMPLES[split_of(layers)], axis.of(every)]
    return picture(panels, title=title, foot="; ".join(filter(None, foot)))
