"""Flatness numbers of lines whose shape is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advscape.landscape.flatness import LINE, flatness_table, rise, width
from advscape.landscape.grid import line

positive = st.floats(0.1, 10)


@given(h=positive, slope=st.floats(-0.5, 0.5), level=st.floats(0.01, 0.05))
def test_numbers_of_a_parabola(h, slope, level):
    alphas = line(1.0, 2001, 1e-4)
    losses = 3 + slope * alphas + h * alphas**2 / 2
    assert rise(alphas, losses, 0.5) == pytest.approx(h / 8)
    # the roots of h a^2 / 2 + slope a = level
    expected = 2 * np.sqrt(slope**2 + 2 * h * level) / h
    ends = (np.sqrt(slope**2 + 2 * h * level) + np.array([slope, -slope])) / h
    if (ends < 1).all():
        assert width(alphas, losses, level) == pytest.approx(expected, rel=1e-2, abs=1e-3)
    else:
        assert np.isnan(width(alphas, losses, level))


def test_the_first_crossing_counts():
    alphas = np.array([-2, -1, 0, 1, 2, 3.0])
    losses = np.array([2, 0, 0, 2, 0, 2.0])
    assert width(alphas, losses, 1.0) == pytest.approx(0.5 + 1.5)
    assert np.isnan(width(alphas, losses, 2.5))


def test_a_radius_between_points_is_refused():
    with pytest.raises(ValueError, match=r"radius: got 0.7; allowed: \[0.01, 0.5, 1.0\]"):
        rise(line(1.0, 5, 0.01), np.zeros(7), 0.7)


def test_one_set_of_rows_for_every_line():
    alphas = line(1.0, 5, 0.01)
    key = dict.fromkeys(LINE, "x") | {"experiment": "e", "epsilon": 0.5, "direction_seed": 0}
    frames = [
        pd.DataFrame(
            {**key, "attack": attack, "alpha": alphas, "loss": h * alphas**2 / 2, "n": 7,
             "curvature": np.where((alphas == 0) & (attack == "none"), h, np.nan)}
        )
        for attack, h in (("none", 2.0), ("regenerated", 4.0))
    ]  # fmt: skip
    flat = frames[0].assign(direction="x plane")
    settings = {"e": {"radii": [0.5, 1.0], "level": 0.5, "step": 0.01}}
    rows = flatness_table(pd.concat([*frames, flat]), settings)
    found = rows.set_index(["attack", "quantity", "at"])["value"]
    assert len(found) == 2 * 5
    assert found["none", "rise", 0.5] == pytest.approx(0.25)
    assert found["regenerated", "rise", 1.0] == pytest.approx(2.0)
    assert found["none", "width", 0.5] == pytest.approx(2 * (0.5 + 0.5 / 3))
    assert found["regenerated", "second-difference", 0.01] == pytest.approx(4.0)
    assert found["none", "hessian", 0.0] == 2.0
    assert np.isnan(found["regenerated", "hessian", 0.0])
    assert (rows["n"] == 7).all()
