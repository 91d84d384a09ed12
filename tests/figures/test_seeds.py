"""What is drawn of several seeds, against scipy and pandas."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from advscape.figures.seeds import enough, in_words, single, summary


def values(seeds, lines=1):
    random = np.random.default_rng(0)
    return pd.DataFrame(
        [
            {"x": x, "seed": s, "line": line, "y": float(np.exp(random.normal(x)))}
            for x in (0.0, 1.0) for s in range(seeds) for line in range(lines)
        ]
    )  # fmt: skip


@pytest.mark.parametrize("logarithmic", [False, True])
def test_five_seeds_have_students_interval(logarithmic):
    rows = values(5)
    found = summary(rows, ["x"], means=True, logarithmic=logarithmic)
    for x, mean, low, high, seeds in found.itertuples(index=False):
        own = rows.loc[rows["x"] == x, "y"]
        own = np.log(own) if logarithmic else own
        expected = stats.ttest_1samp(own, 0).confidence_interval(0.95)
        expected = [own.mean(), expected.low, expected.high]
        expected = np.exp(expected) if logarithmic else expected
        assert np.allclose([mean, low, high], expected)
        assert seeds == 5
    if logarithmic:
        assert np.allclose(found["y"], rows.groupby("x")["y"].apply(stats.gmean))


def test_fewer_seeds_have_medians_and_the_whole_range():
    rows = values(4)
    found = summary(rows, ["x"], means=False, logarithmic=True).set_index("x")
    of = rows.groupby("x")["y"]
    assert np.allclose(found["y"], of.median())
    assert np.allclose(found["low"], of.min())
    assert np.allclose(found["high"], of.max())


def test_a_single_run_has_no_band():
    found = summary(values(1), ["x"], means=False, logarithmic=False)
    assert found[["low", "high"]].isna().all().all()


def test_two_seeds_of_many_have_a_mean_but_no_interval():
    rows = values(5)
    rows = rows[(rows["x"] == 0) | (rows["seed"] < 2)]
    found = summary(rows, ["x"], means=True, logarithmic=False).set_index("x")
    assert found["low"].notna().tolist() == [True, False]
    assert found["seeds"].tolist() == [5, 2]


@pytest.mark.parametrize(("logarithmic", "mean"), [(False, np.mean), (True, stats.gmean)])
def test_a_seed_with_several_directions_counts_once(logarithmic, mean):
    rows = values(5, lines=3)
    found = single(rows, ["x"], logarithmic=logarithmic)
    assert len(found) == 2 * 5
    expected = rows.groupby(["x", "seed"])["y"].apply(mean)
    assert np.allclose(found.set_index(["x", "seed"])["y"], expected)


def test_means_begin_at_five_seeds():
    assert [enough([n]) for n in (1, 4, 5, 9)] == [False, False, True, True]
    assert enough([2, 5])  # where two of five runs alone have a value, as elsewhere
    assert not enough([])


def test_the_foot_says_which():
    few = {"means": False, "geometric": False, "names": False}
    assert in_words(most=4, **few) == "lines: median, bands: min-max over seeds"
    assert in_words(most=1, **few) == "lines: one run each"
    assert "seeds and directions" in in_words(most=4, within="directions", **few)
    many = in_words(means=True, most=5, geometric=True, names=True)
    assert "geometric" in many
    assert "95 % intervals (Student's t)" in many
    assert many.startswith("points: means")
    assert "small dots: single runs" in many
