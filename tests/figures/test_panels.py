"""What is drawn is what the data hold, and both are what pandas finds by hand."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from scipy import stats

from advscape.figures.axis import Horizontal
from advscape.figures.keys import dashed, solid, unordered
from advscape.figures.panels import Panel, picture
from advscape.figures.style import ONE_COLUMN, TWO_COLUMNS, apply, arrange

ARMS = unordered("noise", ["aligned", "random"], "noise")


@pytest.fixture(autouse=True)
def _look():
    apply()
    yield
    plt.close("all")


def rows(seeds, spread=1.0):
    random = np.random.default_rng(1)
    return pd.DataFrame(
        [
            {"x": x, "seed": s, "noise": noise, "y": float(np.exp(spread * (x + random.normal())))}
            for noise in ("aligned", "random") for x in (0.0, 1.0, 2.0) for s in range(seeds)
        ]
    )  # fmt: skip


def panel(values, **more):
    return Panel("values", "value", values, Horizontal("x"), (ARMS,), "value", **more)


def test_medians_are_drawn_as_the_data_say():
    values = rows(3)
    drawn = picture([panel(values)], title="t")
    (ax,) = drawn.figure.axes
    of = values.groupby(["noise", "x"])["y"]
    expected = pd.DataFrame({"y": of.median(), "low": of.min(), "high": of.max()})
    found = drawn.data.set_index(["noise", "x"])
    assert np.allclose(found[["y", "low", "high"]], expected.loc[found.index])
    assert (found["seeds"] == 3).all()
    curves = [line.get_ydata() for line in ax.get_lines() if len(line.get_xdata()) == 3]
    assert np.allclose(curves, [found.loc[noise, "y"] for noise in ("aligned", "random")])
    for band, noise in zip(ax.collections, ("aligned", "random"), strict=True):
        edge = band.get_paths()[0].vertices[:, 1]
        assert set(found.loc[noise, "low"]) | set(found.loc[noise, "high"]) == set(edge)


def test_means_intervals_and_single_runs_are_drawn_as_the_data_say():
    values = rows(6)
    drawn = picture([panel(values)], title="t")
    (ax,) = drawn.figure.axes
    assert ax.get_yscale() == "log"
    lines = drawn.data[drawn.data["seed"].isna()].set_index(["noise", "x"])
    runs = drawn.data[drawn.data["seed"].notna()]
    logs = values.assign(y=np.log(values["y"])).groupby(["noise", "x"])["y"]
    half = stats.t.ppf(0.975, 5) * logs.sem()
    assert np.allclose(np.log(lines["y"]), logs.mean().loc[lines.index])
    assert np.allclose(np.log(lines["low"]), (logs.mean() - half).loc[lines.index])
    assert np.allclose(np.log(lines["high"]), (logs.mean() + half).loc[lines.index])
    given = values.set_index(["noise", "x", "seed"])["y"]
    assert np.allclose(
        runs.set_index(["noise", "x", "seed"])["y"],
        given.loc[pd.MultiIndex.from_frame(runs[["noise", "x", "seed"]])],
    )
    drawn_lines = [line for line in ax.get_lines() if len(line.get_xdata()) == 3]
    assert len(drawn_lines) == 2 * (1 + 6)
    assert sum(line.get_linewidth() < 0.5 for line in drawn_lines) == 2 * 6


def test_on_a_linear_axis_means_are_arithmetic():
    values = rows(5)
    drawn = picture([panel(values, linear=True)], title="t")
    lines = drawn.data[drawn.data["seed"].isna()].set_index(["noise", "x"])
    assert np.allclose(lines["y"], values.groupby(["noise", "x"])["y"].mean().loc[lines.index])
    foot = drawn.figure.texts[-1].get_text()
    assert "geometric" not in " ".join(text.get_text() for text in drawn.figure.texts), foot


def test_names_are_points_side_by_side_that_no_line_joins():
    across = Horizontal(labels=("natural", "TRADES", "MART"), joined=False)
    values = rows(3)
    values["y"] = 1.0  # curves that would hide each other
    drawn = picture([Panel("p", "value", values, across, (ARMS,))], title="t")
    (ax,) = drawn.figure.axes
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["natural", "TRADES", "MART"]
    points = [line for line in ax.get_lines() if line.get_marker() not in ("", "None")]
    assert all(line.get_linestyle() == "None" for line in points)
    left, right = points
    assert (np.asarray(left.get_xdata()) < np.asarray(right.get_xdata())).all()
    assert list(drawn.data["x"][:3]) == ["natural", "TRADES", "MART"]
    assert any(text.get_text().startswith("points: median") for text in drawn.figure.texts)


def test_equal_curves_differ_in_dash_and_marker():
    values = rows(3)
    values["y"] = values["x"]
    (ax,) = picture([panel(values)], title="t").figure.axes
    first, second = [line for line in ax.get_lines() if len(line.get_xdata()) == 3]
    assert first.get_linestyle() != second.get_linestyle()
    assert first.get_marker() != second.get_marker()


def test_two_keys_are_colours_and_dashes():
    values = pd.concat([rows(2).assign(split=split) for split in ("train", "test")])
    splits = dashed("split", ["train", "test"])
    drawn = picture(
        [Panel("p", "value", values, Horizontal("x"), (solid(ARMS), splits))], title="t"
    )
    (ax,) = drawn.figure.axes
    looks = {(line.get_color(), line.get_linestyle()) for line in ax.get_lines()}
    assert len(looks) == 4
    assert len({colour for colour, _ in looks}) == len({dash for _, dash in looks}) == 2


def test_panels_of_one_quantity_have_one_kind_of_axis():
    small = rows(2, spread=0.01)
    alone = picture([panel(small)], title="t")
    assert alone.figure.axes[0].get_yscale() == "linear"
    both = picture([panel(small), panel(rows(2, spread=5))], title="t")
    assert [ax.get_yscale() for ax in both.figure.axes] == ["log", "log"]


def test_empty_panels_are_left_out():
    nothing = rows(2).assign(y=np.nan)
    drawn = picture([panel(nothing), panel(rows(2))], title="t")
    assert len(drawn.figure.axes) == 1
    drawn = picture([panel(nothing)], title="t")
    assert drawn.figure.axes == []
    assert drawn.data.empty


def test_sizes_by_the_number_of_panels_and_names():
    assert [arrange(n) for n in (1, 2)] == [(ONE_COLUMN, 1)] * 2
    assert [arrange(n) for n in (3, 4, 5, 9)] == [(TWO_COLUMNS, n) for n in (3, 2, 3, 3)]
    assert arrange(15, family=4) == (TWO_COLUMNS, 4)
    assert arrange(1, names=60) == (TWO_COLUMNS, 1)
    assert arrange(3, names=12) == (TWO_COLUMNS, 2)
