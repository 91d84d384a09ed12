"""Linear or logarithmic, by the rule."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from advscape.figures.scale import number_ticks, scale_of, set_scale


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1, 10], "linear"),
        ([1, 10.1], "log"),
        ([1e-9, 1, np.nan], "log"),
        ([0, 1, 100], "linear"),  # 0 has no logarithm, and nothing lies on its other side
        ([-1, 1, 2], "linear"),
        ([-1, 1, 1, 1, 1000], "symlog"),
        ([-1, -5, -900], "linear"),
        ([np.nan], "linear"),
        ([], "linear"),
    ],
)
def test_the_rule(values, scale):
    assert scale_of(np.array(values, float)) == scale


@pytest.mark.parametrize(
    "values",
    [(0.06, 0.13, 3), (3, 40), (1e-7, 1e3), (1.2, 13), (-500, 0.1, 0.2, 300), (1e-5, 2e-3)],
)
def test_every_axis_has_readable_numbers(values):
    values = np.array(values, float)
    figure, ax = plt.subplots(figsize=(2, 1.5))
    scale = scale_of(values)
    set_scale(ax, scale, values)
    ax.plot(range(len(values)), values)
    number_ticks(ax, scale)
    figure.draw_without_rendering()
    low, high = ax.get_ylim()
    inside = [
        label.get_text() for tick, label in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
        if low <= tick <= high
    ]  # fmt: skip
    assert 3 <= len(inside) <= 9
    assert len(set(inside)) == len(inside)
    plt.close(figure)


@pytest.mark.parametrize(("values", "of_all"), [((0.0009, 0.011), 1e-3), ((-0.0005, 0.0008), 1e-3)])
def test_a_panel_of_one_sign_on_an_axis_for_both_has_numbers_too(values, of_all):
    figure, ax = plt.subplots(figsize=(2, 1.5))
    set_scale(ax, "symlog", np.array([-of_all, of_all]))
    ax.plot(values)
    number_ticks(ax, "symlog")
    low, high = ax.get_ylim()
    assert sum(low <= tick <= high for tick in ax.get_yticks()) >= 2
    plt.close(figure)
