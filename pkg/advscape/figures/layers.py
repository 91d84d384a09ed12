"""Traces of the Hessian's diagonal blocks, layer by layer."""

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from advscape.figures.axis import placed
from advscape.figures.hessians import PARTS, adversarial, parts_of
from advscape.figures.style import apply, say_below

#: the scale about 0 is straight up to this part of the largest value
_STRAIGHT = 1000
#: values of the axis that get a curve
_MOST = 6


def layers_figure(layers: pd.DataFrame, title: str, norm: str) -> Figure:
    """One experiment's traces by layer of the adversarial loss's Hessians, training samples.

    Args:
        layers: the experiment's rows of layers.csv.
        title: the experiment in words.
        norm: l2 or linf.
    """
    apply()
    rows, axis = placed(adversarial(layers), norm)
    axis = axis.some(_MOST)
    rows = rows[rows["at"].isin(axis.order)]
    parts = parts_of(rows)
    names = list(dict.fromkeys(rows["layer"]))
    figure, axes = plt.subplots(
        len(parts), 1, figsize=(max(7.0, 0.17 * len(names)), 4.2 * len(parts)), squeeze=False
    )
    for ax, part in zip(axes[:, 0], parts, strict=True):
        shown = rows[rows["hessian"] == part].astype({"layer": pd.CategoricalDtype(names)})
        sns.lineplot(
            shown.assign(place=shown["layer"].cat.codes), x="place", y="trace", hue="at",
            ax=ax, **axis.colours(), **axis.seeds,
        )  # fmt: skip
        ax.set_yscale("symlog", linthresh=max(shown["trace"].abs().max() / _STRAIGHT, 1e-12))
        ax.axhline(0, color="0.6", linewidth=0.8)
        ax.set_xticks(range(len(names)), names, rotation=90, fontsize=6)
        ax.set(title=f"Hessian of the adversarial loss, {PARTS[part]}", xlabel="",
               ylabel="trace of the block")  # fmt: skip
        handles, labels = ax.get_legend_handles_labels()
        ax.legend(handles, labels, title=axis.title, loc="center left", bbox_to_anchor=(1, 0.5))
    say_below(figure, axis.foot)
    figure.suptitle(title, parse_math=False)
    return figure
