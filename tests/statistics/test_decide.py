import numpy as np
import pandas as pd
import pytest
from scipy import stats

from advscape.statistics.decide import decide
from advscape.statistics.series import series


def table(rows):
    return pd.DataFrame(rows, columns=[0.0, 0.5, 1.0])


RISING = table([[1.0, 2.0, 4.0], [1.1, 2.1, 5.0], [0.9, 1.8, 3.0], [1.0, 2.5, 4.5]])
LEVEL = table([[1.0, 1.01, 1.0], [1.0, 0.99, 1.02], [1.02, 1.0, 1.0]])


def test_growth_is_supported():
    decision = decide(RISING, "grows", ratio=2, level=0.05)
    ratios = np.array([4.0, 5 / 1.1, 3 / 0.9, 4.5])
    assert decision.verdict == "supported"
    assert decision.estimate == pytest.approx(stats.gmean(ratios))
    low, high = stats.t.interval(0.95, 3, np.log(ratios).mean(), stats.sem(np.log(ratios)))
    assert (decision.ci_low, decision.ci_high) == pytest.approx((np.exp(low), np.exp(high)))
    assert decision.p_value == stats.page_trend_test(RISING.to_numpy()).pvalue
    assert decision.p_value < 0.05


def test_growth_that_falls_is_contradicted():
    falling = RISING[[1.0, 0.5, 0.0]]
    assert decide(falling, "grows", ratio=1, level=0.05).verdict == "contradicted"


def test_a_significant_trend_with_too_small_an_effect_is_not_enough():
    small = table([[1.0, 1.01, 1.02], [1.0, 1.02, 1.03], [1.0, 1.01, 1.03], [1.0, 1.01, 1.02]])
    decision = decide(small, "grows", ratio=1.5, level=0.05)
    assert decision.p_value < 0.05
    assert decision.verdict == "not supported"


def test_flat_is_shown_by_two_one_sided_tests():
    assert decide(LEVEL, "flat", ratio=1.5, level=0.05).verdict == "supported"
    assert decide(RISING, "flat", ratio=1.5, level=0.05).verdict == "contradicted"
    wild = table([[1.0, 1.1, 1.0], [1.0, 1.0, 3.0], [1.0, 1.05, 0.6]])
    decision = decide(wild, "flat", ratio=1.5, level=0.05)
    assert decision.verdict == "not supported"
    logs, bound = np.log([1.0, 3.0, 0.6]), np.log(1.5)
    sides = [
        stats.ttest_1samp(logs, bound, alternative="less").pvalue,
        stats.ttest_1samp(logs, -bound, alternative="greater").pvalue,
    ]
    assert decision.p_value == pytest.approx(max(sides))


def test_falling_is_no_growth_but_not_flat():
    falling = RISING[[1.0, 0.5, 0.0]]
    assert decide(falling, "no-growth", ratio=1.5, level=0.05).verdict == "supported"
    assert decide(falling, "flat", ratio=1.5, level=0.05).verdict == "contradicted"
    assert decide(RISING, "no-growth", ratio=1.5, level=0.05).verdict == "contradicted"


def test_falling_is_growth_upside_down():
    up, down = (decide(v, rule, ratio=2, level=0.05)
                for v, rule in ((RISING, "grows"), (1 / RISING, "falls")))  # fmt: skip
    assert (down.verdict, down.p_value) == (up.verdict, up.p_value) == ("supported", up.p_value)
    assert down.estimate == pytest.approx(1 / up.estimate)
    assert decide(RISING, "falls", ratio=1, level=0.05).verdict == "contradicted"


@pytest.mark.parametrize(
    "values",
    [RISING.iloc[:2], RISING[[0.0, 1.0]], -RISING, RISING.iloc[:0]],
    ids=["two seeds", "two epsilons", "negative", "nothing"],
)
def test_what_cannot_be_tested(values):
    decision = decide(values, "grows", ratio=1, level=0.05)
    assert decision.verdict == "not testable"
    assert np.isnan(decision.estimate)


#: simulated studies, and how many of them 5 % may be: 3 standard errors
STUDIES = 600
MOST = 0.05 * STUDIES + 3 * np.sqrt(STUDIES * 0.05 * 0.95)


def simulated(rng, seeds, epsilons, spread, common, ratio):
    """Lognormal values whose last epsilon is truly ``ratio`` times the first."""
    course = np.log(ratio) * np.linspace(0, 1, epsilons)
    noise = rng.normal(scale=spread, size=(seeds, epsilons))
    shift = rng.normal(scale=common, size=(seeds, 1))
    return pd.DataFrame(np.exp(course + noise + shift))


#: seeds, epsilons, spread of the logarithm over runs, and of what all epsilons of a seed share
SETTINGS = [(3, 3, 0.3, 0.0), (4, 4, 0.85, 0.5), (5, 6, 0.3, 0.5), (8, 4, 0.85, 0.0)]
#: rules at the edge of what they claim: their bound, and the true ratio
EDGES = {"grows": (1.5, 1.5), "falls": (1.5, 1 / 1.5), "flat": (1.5, 1.5), "no-growth": (1.5, 1.5)}


@pytest.mark.parametrize("rule", EDGES)
@pytest.mark.parametrize("setting", SETTINGS)
def test_what_is_not_so_is_seldom_supported(rule, setting):
    """At the edge of the claim at most in 5 of 100 studies."""
    rng, (bound, ratio) = np.random.default_rng(0), EDGES[rule]
    wrong = sum(
        decide(simulated(rng, *setting, ratio), rule, bound, 0.05).verdict == "supported"
        for _ in range(STUDIES)
    )
    assert wrong <= MOST


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_is_flat_is_seldom_contradicted(setting):
    rng = np.random.default_rng(1)
    wrong = sum(
        decide(simulated(rng, *setting, 1.0), "flat", 1.2, 0.05).verdict == "contradicted"
        for _ in range(STUDIES)
    )
    assert wrong <= MOST


@pytest.mark.parametrize("ratio", [0.5, 1.0, 5.0])
@pytest.mark.parametrize("setting", SETTINGS)
def test_intervals_hold_the_true_ratio_in_95_of_100_studies(setting, ratio):
    rng, held = np.random.default_rng(2), 0
    for _ in range(STUDIES):
        decision = decide(simulated(rng, *setting, ratio), "flat", 1.5, 0.05)
        held += decision.ci_low <= ratio <= decision.ci_high
    assert abs(held - 0.95 * STUDIES) <= 3 * np.sqrt(STUDIES * 0.05 * 0.95)


@pytest.fixture
def tables():
    keys = pd.DataFrame(
        [("a", "aligned", e, s) for e in (0.0, 0.5, 2.0) for s in (0, 1)],
        columns=["experiment", "noise", "epsilon", "seed"],
    ).assign(label=None, epoch=np.nan, variant=None)
    runs = keys.assign(regime=["separable"] * 2 + ["finite"] * 3 + ["collapsed"])
    curvature = pd.concat(
        [
            keys.assign(hessian=hessian, lambda_max=np.arange(6.0) + shift)
            for hessian, shift in (("total", 0), ("frozen", 9))
        ]
    )
    landscape = pd.concat(
        [
            keys.assign(direction_seed=d, alpha=alpha, loss=loss * (1 + d))
            for d in (0, 1)
            for alpha, loss in ((-1.0, 3.0), (-0.5, 9.0), (0.0, 1.0), (1.0, 5.0))
        ]
    )
    # of other weights no claim is
    others = [rows.assign(checkpoint="best") for rows in (curvature, landscape)]
    return {
        "runs": runs,
        "curvature": pd.concat([curvature.assign(checkpoint="last"), others[0]]),
        "landscape": pd.concat([landscape.assign(checkpoint="last"), others[1]]),
    }


def test_series_keeps_epsilons_that_every_seed_has(tables):
    values = series(tables, "a", "lambda_max", {"hessian": "total", "regime": "finite"})
    assert values.columns.tolist() == [0.5]
    assert values.to_numpy().tolist() == [[2.0], [3.0]]


def test_selecting_too_little_is_noticed(tables):
    with pytest.raises(ValueError, match="several values for one run"):
        series(tables, "a", "lambda_max", {})


def test_rise_is_edge_minus_centre_over_directions(tables):
    values = series(tables, "a", "rise", {})
    assert values.to_numpy() == pytest.approx(np.full((2, 3), (3 + 5) / 2 * 1.5 - 1.5))


def test_a_finite_scale_has_two_attacks_and_several_scales(tables):
    runs = tables["runs"].drop(columns="regime").assign(checkpoint="last")
    rows = [
        runs.assign(direction=direction, scale=scale, total=3 * scale, frozen=2 * scale)
        for direction in ("largest", "random")
        for scale in (0.001, 0.01)
    ]
    tables = {**tables, "finite_scale": pd.concat(rows)}
    for attack, factor in (("regenerated", 3), ("frozen", 2)):
        found = series(tables, "a", "finite_scale", {"attack": attack, "scale": 0.01})
        assert found.to_numpy() == pytest.approx(np.full(found.shape, factor * 0.01))
        assert found.size
