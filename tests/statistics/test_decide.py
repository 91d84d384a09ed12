"""Rules of claims on values that leave no doubt, against scipy; what is missing, and Holm."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from advscape.errors import UserError
from advscape.statistics.decide import decide, holm
from advscape.statistics.series import Measurement, selected
from tests.statistics.studies import both, claim, tables

RISING = np.array([[1.0, 2.0, 4.0], [1.1, 2.1, 5.0], [0.9, 1.8, 3.0], [1.0, 2.5, 4.5]])
LEVEL = np.array([[1.0, 1.01, 1.0], [1.0, 0.99, 1.02], [1.02, 1.0, 1.0]])


def decided(values, rule, **keys):
    return decide(tables(values), claim(rule, seeds=range(len(values)), **keys))


def test_growth_is_supported():
    decision = decided(RISING, "grows", bound=2)
    ratios = np.array([4.0, 5 / 1.1, 3 / 0.9, 4.5])
    assert decision.verdict == "supported"
    assert decision.effect == "ratio"
    assert decision.statistic == "epsilon 2 over epsilon 0"
    assert decision.estimate == pytest.approx(stats.gmean(ratios))
    low, high = stats.t.interval(0.95, 3, np.log(ratios).mean(), stats.sem(np.log(ratios)))
    assert (decision.ci_low, decision.ci_high) == pytest.approx((np.exp(low), np.exp(high)))
    assert decision.p_value == stats.page_trend_test(RISING).pvalue
    assert decision.p_value < 0.05
    assert (decision.seeds, decision.n_runs, decision.missing) == (4, 12, "")


def test_radii_are_named_as_people_write_them():
    """The tables have the float alone."""
    found = tables(RISING)
    found = {name: rows.assign(epsilon=rows["epsilon"] * 4 / 255) for name, rows in found.items()}
    found["curvature"].loc[found["curvature"]["seed"] == 1, "lambda_max"] = [1.0, np.nan, 2.0]
    decision = decide(found, claim("grows", seeds=range(4)))
    assert decision.statistic == "epsilon 8/255 over epsilon 0"
    assert decision.missing == "epsilon 4/255, seed 1"
    one, two = (
        Measurement("a", "curvature", "lambda_max", {"hessian": "frozen", "epsilon": radius})
        for radius in (8 / 255, 0.0)
    )
    assert selected(one) == "epsilon 8/255, hessian frozen"
    assert decide(found, claim("differs", seeds=range(4), of=one, other=two)).statistic == (
        "epsilon 8/255 over epsilon 0"
    )


def test_growth_that_falls_is_contradicted():
    assert decided(RISING[:, ::-1], "grows").verdict == "contradicted"


def test_a_significant_trend_with_too_small_an_effect_is_not_enough():
    small = [[1.0, 1.01, 1.02], [1.0, 1.02, 1.03], [1.0, 1.01, 1.03], [1.0, 1.01, 1.02]]
    decision = decided(small, "grows", bound=1.5)
    assert decision.p_value < 0.05
    assert decision.verdict == "not supported"


def test_flat_is_shown_by_two_one_sided_tests():
    assert decided(LEVEL, "flat", bound=1.5).verdict == "supported"
    assert decided(RISING, "flat", bound=1.5).verdict == "contradicted"
    wild = [[1.0, 1.1, 1.0], [1.0, 1.0, 3.0], [1.0, 1.05, 0.6]]
    decision = decided(wild, "flat", bound=1.5)
    assert decision.verdict == "not supported"
    logs, bound = np.log([1.0, 3.0, 0.6]), np.log(1.5)
    sides = [
        stats.ttest_1samp(logs, bound, alternative="less").pvalue,
        stats.ttest_1samp(logs, -bound, alternative="greater").pvalue,
    ]
    assert decision.p_value == pytest.approx(max(sides))


def test_falling_is_no_growth_but_not_flat():
    falling = RISING[:, ::-1]
    assert decided(falling, "no-growth", bound=1.5).verdict == "supported"
    assert decided(falling, "flat", bound=1.5).verdict == "contradicted"
    assert decided(RISING, "no-growth", bound=1.5).verdict == "contradicted"


def test_falling_is_growth_upside_down():
    up, down = (decided(v, rule, bound=2) for v, rule in ((RISING, "grows"), (1 / RISING, "falls")))
    assert (down.verdict, down.p_value) == (up.verdict, up.p_value) == ("supported", up.p_value)
    assert down.estimate == pytest.approx(1 / up.estimate)
    assert down.detectable == pytest.approx(1 / up.detectable)
    assert decided(RISING, "falls").verdict == "contradicted"


def test_differences_of_values_that_may_be_negative():
    decision = decided(RISING - 2, "grows", bound=0.5, difference=0.5)
    differences = RISING[:, -1] - RISING[:, 0]
    low, high = stats.t.interval(0.95, 3, differences.mean(), stats.sem(differences))
    assert (decision.effect, decision.verdict) == ("difference", "supported")
    found = (decision.estimate, decision.ci_low, decision.ci_high)
    assert found == pytest.approx((differences.mean(), low, high))
    assert decided(RISING - 2, "grows").verdict == "not testable"


@pytest.mark.parametrize("values", [RISING[:2], RISING[:, [0, 1]], -RISING],
                         ids=["two seeds", "two epsilons", "negative"])  # fmt: skip
def test_what_cannot_be_tested(values):
    decision = decided(values, "grows")
    assert decision.verdict == "not testable"
    assert math.isnan(decision.estimate)


def test_missing_runs_are_named_and_their_seeds_left_out():
    values = RISING.copy()
    values[1, 2] = np.nan
    found = decide(tables(values), claim("grows", seeds=[0, 1, 2, 3, 7]))
    assert found.missing == "seed 7; epsilon 2, seed 1"
    assert (found.seeds, found.n_runs) == (3, 9)
    kept = RISING[[0, 2, 3]]
    assert found.estimate == pytest.approx(stats.gmean(kept[:, 2] / kept[:, 0]))


def test_an_epsilon_at_which_nothing_exists_is_no_gap():
    values = np.column_stack([np.full(4, np.nan), RISING])
    found = decided(values, "grows")
    assert (found.missing, found.statistic) == ("", "epsilon 3 over epsilon 1")


def test_two_arms_are_compared_seed_by_seed():
    other = claim("differs")["of"]
    arms = both(tables(RISING[:, :1], variant="awp"), tables(3 * RISING[::-1, :1], variant="base"))
    sides = {
        "of": Measurement("a", "curvature", "lambda_max", {**other.select, "variant": "awp"}),
        "other": Measurement("a", "curvature", "lambda_max", {**other.select, "variant": "base"}),
    }
    found = decide(arms, claim("differs", seeds=range(4), sign="negative", **sides))
    logs = np.log(RISING[:, 0] / (3 * RISING[::-1, 0]))
    assert found.statistic == "variant awp over variant base"
    assert found.estimate == pytest.approx(np.exp(logs.mean()))
    expected = stats.ttest_1samp(logs, 0).pvalue
    assert (found.verdict, found.p_value) == ("supported", pytest.approx(expected))
    low, high = stats.t.interval(0.95, 3, logs.mean(), stats.sem(logs))
    assert (found.ci_low, found.ci_high) == pytest.approx((np.exp(low), np.exp(high)))
    either = decide(arms, claim("differs", seeds=range(4), **sides))
    assert either.p_value == pytest.approx(stats.ttest_1samp(logs, 0).pvalue)
    wrong = decide(arms, claim("differs", seeds=range(4), sign="positive", **sides))
    assert wrong.verdict == "contradicted"


def test_a_share_of_a_whole():
    part, whole = RISING[:, :1], RISING[:, 2:]
    halves = both(tables(part, hessian="response"), tables(whole, hessian="total"))
    sides = {
        side: Measurement("a", "curvature", "lambda_max", {"hessian": hessian})
        for side, hessian in (("of", "response"), ("other", "total"))
    }
    shares = (part / whole)[:, 0]
    found = decide(halves, claim("share", seeds=range(4), sign="positive", bound=0.1, **sides))
    assert (found.effect, found.verdict) == ("share", "supported")
    assert found.estimate == pytest.approx(shares.mean())
    expected = stats.ttest_1samp(shares, 0.1, alternative="greater").pvalue
    assert found.p_value == pytest.approx(expected)
    most = decide(halves, claim("share", seeds=range(4), sign="negative", bound=0.1, **sides))
    assert most.verdict == "contradicted"


def test_association_is_kendalls_tau_over_runs():
    rng = np.random.default_rng(0)
    one = rng.lognormal(size=(5, 4))
    two = one * rng.lognormal(sigma=0.2, size=(5, 4))
    measured = tables(one, trace=two.ravel())
    other = Measurement("a", "curvature", "trace", {"hessian": "frozen"})
    ask = claim("associated", seeds=range(5), sign="positive", other=other)
    found = decide(measured, ask)
    taus = np.array(
        [stats.kendalltau(np.delete(one, s, 0), np.delete(two, s, 0)).statistic for s in range(5)]
    )
    pseudo = 5 * stats.kendalltau(one, two).statistic - 4 * taus
    assert (found.effect, found.verdict, found.n_runs) == ("tau", "supported", 20)
    assert found.estimate == pytest.approx(pseudo.mean())
    expected = stats.ttest_1samp(pseudo, 0).pvalue
    assert found.p_value == pytest.approx(expected)
    inside = decide(measured, {**ask, "within": "epsilon"})
    whole = np.mean([stats.kendalltau(one[:, j], two[:, j]).statistic for j in range(4)])
    without = [
        np.mean([
            stats.kendalltau(np.delete(one[:, j], s), np.delete(two[:, j], s)).statistic
            for j in range(4)
        ])
        for s in range(5)
    ]  # fmt: skip
    assert inside.estimate == pytest.approx(np.mean(5 * whole - 4 * np.array(without)))


def test_holm_as_r_has_it():
    """p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") of R, and with order and gaps."""
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    found = holm([0.05, math.nan, 0.01, 0.9])
    assert found[:1] + found[2:] == pytest.approx([0.1, 0.03, 0.9])
    assert math.isnan(found[1])


@pytest.fixture
def gapped():
    """Two seeds at three epsilons in different regimes, with two Hessians and two directions."""
    keys = pd.DataFrame(
        [("a", "aligned", e, s) for e in (0.0, 0.5, 2.0) for s in (0, 1)],
        columns=["experiment", "noise", "epsilon", "seed"],
    ).assign(label=None, epoch=np.nan, variant=None, checkpoint="last")
    curvature = [
        keys.assign(hessian=hessian, lambda_max=np.arange(6.0) + shift)
        for hessian, shift in (("total", 0), ("frozen", 9))
    ]
    flatness = [
        keys.assign(direction_seed=d, quantity=quantity, at=at, value=value * (1 + d))
        for d in (0, 1)
        for quantity, at, value in (("rise", 0.5, 9.0), ("rise", 1.0, 3.0), ("width", 0.5, 7.0))
    ]
    return {
        "runs": keys.assign(regime=["separable"] * 2 + ["finite"] * 3 + ["collapsed"]),
        "curvature": pd.concat([*curvature, curvature[0].assign(checkpoint="best")]),
        "flatness": pd.concat(flatness),
    }


def course(tables, table, quantity, select):
    from advscape.statistics.series import measured, over

    of = Measurement("a", table, quantity, {"checkpoint": "last", **select})
    return over(measured(tables, of), "epsilon", [0, 1], select.get("regime"))[0]


def test_a_regime_is_one_that_every_seed_is_in(gapped):
    values = course(gapped, "curvature", "lambda_max", {"hessian": "total", "regime": "finite"})
    assert values.columns.tolist() == [0.5]
    assert values.to_numpy().tolist() == [[2.0], [3.0]]


def test_selecting_too_little_is_noticed(gapped):
    with pytest.raises(UserError, match=r"select\.hessian: got nothing; allowed: one of total, fr"):
        course(gapped, "curvature", "lambda_max", {})


def test_several_epochs_of_a_run_are_noticed(gapped):
    epochs = pd.concat([gapped["runs"].drop(columns="checkpoint").assign(epoch=e) for e in (1, 2)])
    found = {**gapped, "history": epochs.assign(loss=1.0)}
    with pytest.raises(UserError, match=r"select\.epoch: got nothing; allowed: one of 1, 2"):
        course(found, "history", "loss", {})


def test_rise_is_read_at_the_largest_radius_over_directions(gapped):
    values = course(gapped, "flatness", "rise", {})
    assert values.to_numpy() == pytest.approx(np.full((2, 3), 3 * 1.5))


def test_a_finite_scale_has_two_attacks_and_several_scales(gapped):
    rows = [
        gapped["runs"].drop(columns="regime")
        .assign(direction=direction, scale=scale, total=3 * scale, frozen=2 * scale)
        for direction in ("largest", "random")
        for scale in (0.001, 0.01)
    ]  # fmt: skip
    found = {**gapped, "finite_scale": pd.concat(rows)}
    for attack, factor in (("regenerated", 3), ("frozen", 2)):
        values = course(found, "finite_scale", "finite_scale", {"attack": attack, "scale": 0.01})
        assert values.to_numpy() == pytest.approx(np.full((2, 3), factor * 0.01))


def test_the_gap_is_that_of_the_two_splits_at_the_own_epsilon(gapped):
    keys = gapped["runs"].drop(columns="regime")
    rows = pd.concat(
        [
            keys.assign(
                split=split,
                attack=attack,
                eval_epsilon=at,
                steps=steps,
                accuracy=accuracy,
                loss=loss,
            )
            for split, accuracy, loss in (("train", 0.9, 0.1), ("test", 0.7, 0.6))
            for attack, at, steps in (("none", 0.0, np.nan), ("pgd", 0.5, 10), ("pgd", 2.0, 10))
        ]
    ).assign(n=3)
    rows["accuracy"] -= rows["eval_epsilon"] * (rows["split"] == "test") / 10
    found = course({**gapped, "robustness": rows}, "robustness", "gap_accuracy",
                   {"attack": "pgd", "eval_epsilon": "own", "steps": 10})  # fmt: skip
    assert found.to_numpy() == pytest.approx(np.array([[0.2, 0.25, 0.4]] * 2))
    loss = course({**gapped, "robustness": rows}, "robustness", "gap_loss",
                  {"attack": "pgd", "eval_epsilon": "own", "steps": 10})  # fmt: skip
    assert loss.to_numpy() == pytest.approx(np.full((2, 3), 0.5))
