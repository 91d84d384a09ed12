"""What was seen of networks while they were trained."""

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from advscape.figures.axis import placed
from advscape.figures.style import apply, legend_below, say_below

#: columns of history.csv by panel, with what a legend calls them
_PANELS = {
    "loss": {"loss": "training batches", "validation_loss": "validation", "test_loss": "test"},
    "accuracy": {
        "accuracy": "training batches",
        "validation_accuracy": "validation",
        "test_accuracy": "test",
    },
}
_WORDS = {"loss": "loss under training's attack (nats)", "accuracy": "accuracy under it"}


def history_figure(history: pd.DataFrame, title: str, norm: str) -> Figure:
    """One experiment's loss and accuracy over the epochs, a colour for each epsilon.

    Args:
        history: the experiment's rows of history.csv.
        title: the experiment in words.
        norm: l2 or linf.
    """
    apply()
    _, axis = placed(history.drop(columns="epoch"), norm)
    rows = history.rename(columns={"epoch": "after"})
    figure, axes = plt.subplots(1, len(_PANELS), figsize=(10.4, 4.6))
    for ax, (panel, columns) in zip(axes, _PANELS.items(), strict=True):
        long = rows.melt(["after", "epsilon", "seed"], list(columns), "of", "value")
        long = long.dropna(subset="value")
        long["of"] = long["of"].map(columns)
        # one colour for each epsilon, from dark to light, and a dash for each set of samples
        sns.lineplot(
            long.rename(columns={"epsilon": axis.title, "of": "samples"}), x="after", y="value",
            hue=axis.title, style="samples", ax=ax, **axis.colours(), **axis.seeds,
        )  # fmt: skip
        ax.set(xlabel="epoch", ylabel=_WORDS[panel])
        if panel == "loss":
            ax.set_yscale("log")
        legend_below(ax, columns=3, leave_out=("samples",))
    say_below(figure, axis.foot)
    figure.suptitle(title, parse_math=False)
    return figure
