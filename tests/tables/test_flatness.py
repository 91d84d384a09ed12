"""Flatness numbers of lines whose shape is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advscape.landscape.grid import line
from advscape.tables.collect import read_table
from advscape.tables.flatness import LINE, agreement_table, flatness_table, rise, width

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


def held(hessian, bend, kinks=False, at=3.0, split="train", seed=0, attack="none", kind="raw"):
    """A parabola that bends by ``bend``, and what the Hessian says."""
    alphas = line(1.0, 5, 0.02)
    centre = alphas == 0
    key = dict.fromkeys(LINE, "x") | {
        "experiment": "e", "epsilon": 0.5, "seed": seed, "split": split, "direction": kind,
        "direction_seed": 0, "attack": attack, "checkpoint": "last",
    }  # fmt: skip
    return pd.DataFrame(
        {**key, "alpha": alphas, "beta": 0.0, "loss": at + bend * alphas**2 / 2, "n": 7,
         "curvature": np.where(centre, hessian, np.nan),
         "kinks": [kinks if middle else None for middle in centre]}
    )  # fmt: skip


def agreement(*lines):
    return agreement_table(pd.concat(lines), {"e": {"step": 0.02}})


@pytest.mark.parametrize(
    ("hessian", "bend", "ok"),
    [
        (2.0, 2.0, True), (2.0, 2.1, True), (0.0063, 0.316, False), (0.0145, 0.286, False),
        (42.05, 4.88, False), (2.0, -2.0, False), (1e-3, 2e-3, True), (-5.0, -5.1, True),
    ],
)  # fmt: skip
def test_a_hessian_of_another_function_or_other_weights_fails(hessian, bend, ok):
    (row,) = agreement(held(hessian, bend)).to_dict("records")
    assert row["ok"] is ok
    assert row["check"] == "hessian against second differences"
    assert (row["split"], row["checkpoint"], row["n"], row["seed"]) == ("train", "last", 7, 0)


def test_a_row_for_each_run_and_split_over_its_lines():
    found = agreement(
        held(2.0, 2.0), held(2.0, 9.0, attack="frozen"), held(2.0, 2.0, split="test"),
        held(2.0, 2.0, seed=1), held(2.0, 9.0, seed=1, attack="regenerated"),
    )  # fmt: skip
    assert found["ok"].tolist() == [False, True, True]
    assert found["value"].iloc[0] == pytest.approx(7 / 9, abs=0.02)


def test_lines_of_one_kind_share_their_scale():
    """Where curvature changes its sign one line has nearly none."""
    small = held(0.2, 0.5).assign(direction_seed=1)
    assert agreement(held(2.0, 2.0), small)["ok"].all()
    assert not agreement(small)["ok"].all()


@pytest.mark.parametrize("kinks", [True, "True"])
def test_kinks_within_the_step_are_no_fault(kinks):
    assert agreement(held(2.0, 9.0, kinks)).empty


def test_without_a_hessian_there_is_nothing_to_compare_and_no_number_is_no_agreement():
    assert agreement(held(np.nan, 2.0)).empty
    assert agreement(held(2.0, np.nan))["ok"].tolist() == [False]
    assert agreement(held(2.0, 2.0).iloc[:0]).empty


def test_read_back_from_a_file_the_same(tmp_path):
    lines = pd.concat([held(2.0, 9.0), held(2.0, 9.0, kinks=True, seed=1)])
    lines.to_csv(tmp_path / "l.csv", index=False)
    settings = {"e": {"step": 0.02}}
    again = agreement_table(read_table(tmp_path / "l.csv"), settings)
    assert again.to_csv() == agreement_table(lines, settings).to_csv()
    assert len(again) == 1
