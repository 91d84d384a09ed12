"""What stands on the horizontal axis: epsilons, epochs, or the names of runs."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from advscape.figures.axis import placed
from advscape.figures.landscape import MOST, landscape_figure
from advscape.figures.robustness import robustness_figure


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def runs(*cells):
    return pd.DataFrame(cells, columns=["label", "epsilon", "epoch"])


CASES = {
    "epsilons": (runs((None, 0.5, None), (None, 0.0, None)), [0.0, 0.5]),
    "epochs": (runs((None, 0.5, 30), (None, 0.5, 5)), [5, 30]),
    "labels": (runs(("B", 0.5, None), ("A", 0.5, None)), ["B", "A"]),
    "labels without epsilons": (runs(("B", None, None), ("A", None, None)), ["B", "A"]),
    "epsilons that some lack": (
        runs((None, 0.5, None), (None, None, None)), [r"$\epsilon$ = 0.5", r"no $\epsilon$"],
    ),
    "several at once": (
        runs(("A", 0.0, 1), ("A", 0.5, 1), ("B", 0.5, 2)),
        [r"A, $\epsilon$ = 0, epoch 1", r"A, $\epsilon$ = 0.5, epoch 1",
         r"B, $\epsilon$ = 0.5, epoch 2"],
    ),
    "one of all": (runs(("A", None, None)), ["A"]),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_runs_stand_where_they_differ(what):
    rows, order = CASES[what]
    placed_rows, axis = placed(rows, "l2")
    assert axis.order == order
    assert set(placed_rows["at"]) == set(order)
    # runs that differ never share a place
    assert placed_rows["at"].nunique() == len(rows)
    assert axis.numeric is not isinstance(order[0], str)


def robustness(labels):
    return pd.DataFrame(
        [
            {"label": label, "noise": "aligned", "epsilon": np.nan, "epoch": np.nan, "seed": seed,
             "split": split, "checkpoint": "last", "attack": attack, "steps": 3, "restarts": 1,
             "eval_epsilon": eval_epsilon, "accuracy": 0.9 - eval_epsilon, "loss": eval_epsilon}
            for label in labels
            for seed in (0, 1)
            for split in ("train", "test")
            for attack, eval_epsilon in (("none", 0.0), ("pgd", 0.5))
        ]
    )  # fmt: skip


def test_names_are_places_of_points():
    drawn = robustness_figure(robustness(["natural", "TRADES"]), "title", "l2")
    for ax in drawn.figure.axes:
        assert [tick.get_text() for tick in ax.get_xticklabels()] == ["natural", "TRADES"]
    assert set(drawn.data["x"]) == {"natural", "TRADES"}


def test_of_many_networks_some_are_shown_and_each_by_its_name():
    """Though those that are shown differ in their epsilon alone."""
    cells = [("A", e) for e in range(4)] + [("B", e / 10) for e in range(3 * MOST)]
    rows = pd.DataFrame(
        [
            {"label": label, "noise": "aligned", "epsilon": float(e), "epoch": np.nan, "seed": 0,
             "direction_seed": 0, "split": "train", "direction": "raw", "attack": "none",
             "alpha": alpha, "beta": 0.0, "loss": 1 + e + alpha**2}
            for label, e in cells
            for alpha in (-1.0, 0.0, 1.0)
        ]
    )  # fmt: skip
    names = list(landscape_figure(rows, "title", network=True).data["network"].unique())
    assert len(names) == MOST
    assert names[0] == "A, epsilon = 0"
    assert all(name.startswith(("A, ", "B, ")) for name in names)


def test_few_epsilons_have_a_tick_each_and_none_runs_into_the_next():
    def ticks(*epsilons):
        return placed(pd.DataFrame({"epsilon": epsilons}), "l2")[1].horizontal.ticks

    assert ticks(0.0, 0.4) == (0.0, 0.4)
    assert ticks(0.0, 0.5, 1.0) == (0.0, 0.5, 1.0)
    assert ticks(0.0, 0.01, 0.5, 0.99, 1.0) == (0.0, 0.5, 1.0)
    assert ticks(*(i / 10 for i in range(13))) == ()  # the axis chooses
    assert ticks(0.5) == (0.5,)
