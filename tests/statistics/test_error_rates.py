"""How often rules are wrong, and whether intervals hold the truth, on simulated studies."""

import numpy as np
import pandas as pd
import pytest

from advscape.statistics.decide import judged
from advscape.statistics.effects import Effects, tau_effects, tau_of
from tests.statistics.studies import SETTINGS, claim, effects_of, lognormal

#: simulated studies, and how many of them 5 % may be: 3 standard errors
STUDIES = 600
MARGIN = 3 * np.sqrt(STUDIES * 0.05 * 0.95)
MOST = 0.05 * STUDIES + MARGIN
#: rules at the edge of what they claim: their bound, and the true ratio
EDGES = {"grows": (1.5, 1.5), "falls": (1.5, 1 / 1.5), "flat": (1.5, 1.5), "no-growth": (1.5, 1.5)}


@pytest.mark.parametrize("rule", EDGES)
@pytest.mark.parametrize("setting", SETTINGS)
def test_what_is_not_so_is_seldom_supported(rule, setting):
    """At the edge of the claim at most in 5 of 100 studies."""
    rng, (bound, ratio) = np.random.default_rng(0), EDGES[rule]
    wrong = sum(
        judged(effects_of(lognormal(rng, *setting, ratio)), claim(rule, bound=bound)).verdict
        == "supported"
        for _ in range(STUDIES)
    )
    assert wrong <= MOST


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_is_flat_is_seldom_contradicted(setting):
    rng = np.random.default_rng(1)
    wrong = sum(
        judged(effects_of(lognormal(rng, *setting, 1.0)), claim("flat", bound=1.2)).verdict
        == "contradicted"
        for _ in range(STUDIES)
    )
    assert wrong <= MOST


@pytest.mark.parametrize("ratio", [0.5, 1.0, 5.0])
@pytest.mark.parametrize("setting", SETTINGS)
def test_intervals_hold_the_true_ratio_in_95_of_100_studies(setting, ratio):
    rng, held = np.random.default_rng(2), 0
    for _ in range(STUDIES):
        decision = judged(effects_of(lognormal(rng, *setting, ratio)), claim("flat", bound=1.5))
        held += decision.ci_low <= ratio <= decision.ci_high
    assert abs(held - 0.95 * STUDIES) <= MARGIN


def arms(rng, seeds, spread, ratio):
    """Logarithms of the ratio of two arms, whose seeds share a shift."""
    values = rng.normal(scale=spread, size=(2, seeds)) + rng.normal(scale=0.5, size=(1, seeds))
    return Effects("ratio", "", values[1] - values[0] + np.log(ratio), 2 * seeds, "")


@pytest.mark.parametrize(("sign", "ratio"), [("positive", 1.5), ("negative", 1 / 1.5), (None, 1.5)])
@pytest.mark.parametrize("seeds", [3, 5, 8])
def test_arms_that_differ_by_no_more_than_the_bound(seeds, sign, ratio):
    rng, asked = np.random.default_rng(3), claim("differs", sign=sign, bound=1.5)
    decisions = [judged(arms(rng, seeds, 0.6, ratio), asked) for _ in range(STUDIES)]
    assert sum(found.verdict == "supported" for found in decisions) <= MOST
    held = sum(found.ci_low <= ratio <= found.ci_high for found in decisions)
    assert abs(held - 0.95 * STUDIES) <= MARGIN


def shares(rng, seeds, spread):
    """Shares of lognormal parts in their wholes."""
    part, rest = np.exp(rng.normal(scale=spread, size=(2, seeds)))
    return part / (part + rest)


@pytest.mark.parametrize("sign", ["positive", "negative"])
@pytest.mark.parametrize(("seeds", "spread"), [(3, 0.3), (4, 0.85), (8, 0.85)])
def test_shares_at_their_bound(seeds, spread, sign):
    """Two equal lognormal parts make a mean share of 1 / 2."""
    rng, asked = np.random.default_rng(4), claim("share", sign=sign, bound=0.5)
    decisions = [
        judged(Effects("share", "", shares(rng, seeds, spread), 2 * seeds, ""), asked)
        for _ in range(STUDIES)
    ]
    assert sum(found.verdict == "supported" for found in decisions) <= MOST
    held = sum(found.ci_low <= 0.5 <= found.ci_high for found in decisions)
    assert abs(held - 0.95 * STUDIES) <= MARGIN


def runs(rng, seeds, epsilons, tie, trend):
    """Two quantities of each run; the first grows with epsilon by ``trend``, ``tie`` binds them."""
    shape = (seeds, epsilons)
    x = rng.normal(size=shape) + trend * np.arange(epsilons)
    y = tie * x + rng.normal(size=shape)
    return pd.DataFrame(
        {
            "seed": np.repeat(np.arange(seeds), epsilons),
            "epsilon": np.tile(np.arange(epsilons), seeds),
            "value": x.ravel(), "value_other": y.ravel(),
        }
    )  # fmt: skip


ASSOCIATED = [(5, 3, None), (5, 5, None), (8, 4, None), (5, 4, "epsilon"), (8, 3, "epsilon")]


@pytest.mark.parametrize(("seeds", "epsilons", "within"), ASSOCIATED)
def test_quantities_that_have_nothing_to_do_with_each_other(seeds, epsilons, within):
    rng, asked = np.random.default_rng(5), claim("associated", sign="positive")
    wrong, studies = 0, STUDIES // 4
    for _ in range(studies):
        values = tau_effects(runs(rng, seeds, epsilons, 0.0, 1.0), within, range(seeds))
        wrong += judged(Effects("tau", "", values, 0, ""), asked).verdict == "supported"
    assert wrong <= 0.05 * studies + 3 * np.sqrt(studies * 0.05 * 0.95)


@pytest.mark.parametrize(("seeds", "epsilons", "within"), ASSOCIATED)
@pytest.mark.parametrize("tie", [0.0, 0.7])
def test_intervals_hold_the_true_tau(seeds, epsilons, within, tie):
    """The truth is the tau of many seeds."""
    rng, studies = np.random.default_rng(6), STUDIES // 4
    many = runs(rng, 400, epsilons, tie, 0.5)
    truth, held = tau_of(many, within), 0
    for _ in range(studies):
        values = tau_effects(runs(rng, seeds, epsilons, tie, 0.5), within, range(seeds))
        found = judged(Effects("tau", "", values, 0, ""), claim("associated"))
        held += found.ci_low <= truth <= found.ci_high
    # the jackknife of few seeds is wide rather than narrow
    assert held >= 0.95 * studies - 3 * np.sqrt(studies * 0.05 * 0.95)


@pytest.mark.parametrize("rule", ["grows", "falls", "no-growth", "flat"])
def test_detectable_effects_are_found_in_80_of_100_studies(rule):
    """With the spread that a study has; trends of many epsilons are not what limits them."""
    rng = np.random.default_rng(7)
    seeds, spread, bound = 6, 0.4, 1.5
    logs = rng.normal(size=seeds)
    logs = spread * np.sqrt(2) * (logs - logs.mean()) / logs.std(ddof=1)
    found = judged(Effects("ratio", "", logs, 0, "", _course(logs)), claim(rule, bound=bound))
    if rule == "flat":
        truth, bound = 1.0, found.detectable
    else:
        truth = found.detectable
    studies = [
        rng.normal(scale=spread * np.sqrt(2), size=seeds) + np.log(truth) for _ in range(STUDIES)
    ]
    supported = sum(
        judged(Effects("ratio", "", each, 0, "", _course(each, truth)), claim(rule, bound=bound))
        .verdict == "supported"
        for each in studies
    )  # fmt: skip
    # an equivalence's bound is a little wide
    assert 0.74 <= supported / STUDIES <= (0.9 if rule == "flat" else 0.86)


def _course(logs, truth=1.0):
    """A trend that Page's test finds, with these ends."""
    steps = np.linspace(0, 1, 5)
    return np.exp(np.sign(np.log(truth)) * steps[None] + 0 * logs[:, None])
