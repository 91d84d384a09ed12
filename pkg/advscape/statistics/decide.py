"""A claim's verdict, from its decision rule and the measurements."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from advscape.references import imported
from advscape.statistics.effects import Effects, Values
from advscape.statistics.power import detectable
from advscape.statistics.rules import RULES, criterion, side_of

Verdict = Literal["supported", "not supported", "contradicted", "not testable"]


@dataclass(frozen=True)
class Outcome:
    """What a test says: its p value, and whether it supports or contradicts the claim."""

    p_value: float
    supported: bool
    contradicted: bool


@dataclass(frozen=True)
class Decision:
    """What a rule says of a claim.

    Attributes:
        effect: what the estimate is: ratio, difference, tau or share.
        statistic: the same in words.
        estimate: mean over seeds; of ratios the geometric mean.
        ci_low: lower 95 % limit, Student's t over seeds; of ratios on logarithms.
        ci_high: upper 95 % limit.
        bound: what the rule compares the estimate with.
        p_value: of the rule's test.
        detectable: effect that so many seeds would find in 80 of 100 studies; of flat the bound.
        verdict: the outcome.
        seeds: that it was decided by.
        n_runs: measurements that it was decided by.
        missing: seeds and runs that are not there, in words.
        rule: the rule in words.
    """

    effect: str
    statistic: str
    estimate: float
    ci_low: float
    ci_high: float
    bound: float
    p_value: float
    detectable: float
    verdict: Verdict
    seeds: int
    n_runs: int
    missing: str
    rule: str


def decide(tables: Mapping[str, pd.DataFrame], claim: Mapping[str, Any]) -> Decision:
    """Apply a claim's rule.

    Args:
        tables: the study's, by name: those of its measurements, and runs.
        claim: ``rule``, ``level``, ``bound`` on the scale of the effects (of ratios a ratio),
            ``sign``, ``seeds``, ``of`` and what else :mod:`advscape.statistics.effects` reads.

    Raises:
        UserError: a selection leaves several values for a run.
    """
    return judged(imported(RULES[claim["rule"]].effects)(tables, claim), claim)


def judged(effects: Effects, claim: Mapping[str, Any]) -> Decision:
    """The verdict on a claim from its effects.

    Args:
        effects: of the claim's rule.
        claim: ``rule``, ``level``, ``bound``, ``sign`` and ``difference``.
    """
    found = dict.fromkeys(("estimate", "ci_low", "ci_high", "p_value", "detectable"), math.nan)
    verdict: Verdict = "not testable"
    if effects.testable:
        outcome: Outcome = imported(RULES[claim["rule"]].test)(effects, claim)
        verdict = "not supported"
        if outcome.supported:
            verdict = "supported"
        elif outcome.contradicted:
            verdict = "contradicted"
        estimate, low, high = interval(effects.values)
        found = {
            "estimate": effects.back(estimate),
            "ci_low": effects.back(low),
            "ci_high": effects.back(high),
            "p_value": outcome.p_value,
            "detectable": effects.back(detectable(claim, effects.values, bound_of(claim))),
        }
    return Decision(
        effect=effects.scale,
        statistic=effects.words,
        **found,
        bound=effects.back(_shown_bound(claim)),
        verdict=verdict,
        seeds=effects.seeds,
        n_runs=effects.runs,
        missing=effects.missing,
        rule=criterion(claim),
    )


def bound_of(claim: Mapping[str, Any]) -> float:
    """The bound on the scale on which effects are averaged."""
    bound = float(claim["bound"])
    return math.log(bound) if RULES[claim["rule"]].ratios and claim["difference"] is None else bound


def _shown_bound(claim: Mapping[str, Any]) -> float:
    bound = bound_of(claim)
    return -bound + 0.0 if side_of(claim) == "opposite" else bound


def trend(effects: Effects, claim: Mapping[str, Any]) -> Outcome:
    """Page's trend test over seeds, together with the effect's interval above its bound.

    Args:
        effects: with their course.
        claim: ``bound`` and ``level``.
    """
    return _trend(effects, claim, +1)


def falling_trend(effects: Effects, claim: Mapping[str, Any]) -> Outcome:
    """The same downwards; arguments as of :func:`trend`."""
    return _trend(effects, claim, -1)


def _trend(effects: Effects, claim: Mapping[str, Any], sign: int) -> Outcome:
    assert effects.course is not None
    level, bound = claim["level"], bound_of(claim)
    _, low, high = interval(sign * effects.values)
    up = float(stats.page_trend_test(sign * effects.course).pvalue)
    down = float(stats.page_trend_test(-sign * effects.course).pvalue)
    return Outcome(up, up < level and low > bound, down < level and high < -bound)


def bounded(effects: Effects, claim: Mapping[str, Any]) -> Outcome:
    """Whether the effect is shown to lie below its bound: a one-sided t test.

    Contradicted where its 95 % interval lies above the bound. Arguments as of :func:`trend`.
    """
    bound = bound_of(claim)
    p = _below(effects.values, bound)
    return Outcome(p, p < claim["level"], interval(effects.values)[1] > bound)


def reached(effects: Effects, claim: Mapping[str, Any]) -> Outcome:
    """The same above its bound."""
    bound = bound_of(claim)
    p = _below(-effects.values, -bound)
    return Outcome(p, p < claim["level"], interval(effects.values)[2] < bound)


def beside_bound(effects: Effects, claim: Mapping[str, Any]) -> Outcome:
    """:func:`reached` with sign positive, :func:`bounded` with negative."""
    return reached(effects, claim) if claim["sign"] == "positive" else bounded(effects, claim)


def equivalent(effects: Effects, claim: Mapping[str, Any]) -> Outcome:
    """Whether the effect is shown to lie within its bound on both sides: two one-sided t tests
    (Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987). The p value is the larger of theirs.

    Contradicted where the 95 % interval lies outside. Arguments as of :func:`trend`.
    """
    bound = bound_of(claim)
    p = max(_below(effects.values, bound), _below(-effects.values, bound))
    _, low, high = interval(effects.values)
    return Outcome(p, p < claim["level"], low > bound or high < -bound)


def apart(effects: Effects, claim: Mapping[str, Any]) -> Outcome:
    """Whether the effect lies beyond its bound: a t test against the bound, or its opposite.

    Both sides are tested, so that p and the 95 % interval agree. With a sign the effect has to lie
    on that side of 0, and such a claim is contradicted where the interval lies on the other one;
    without, where it lies within the bounds. Arguments as of :func:`trend`, and ``sign``.
    """
    bound, level, sign = bound_of(claim), claim["level"], claim["sign"]
    above, below = _below(-effects.values, -bound), _below(effects.values, -bound)
    _, low, high = interval(effects.values)
    if sign is None:
        p = min(1.0, 2 * min(above, below))
        return Outcome(p, p < level, -bound < low and high < bound)
    p = min(1.0, 2 * (above if sign == "positive" else below))
    return Outcome(p, p < level, high < 0 if sign == "positive" else low > 0)


def _below(values: Values, bound: float) -> float:
    """The p value of a mean below a bound."""
    if np.ptp(values) == 0:  # equal values leave no doubt
        return float(values[0] >= bound)
    return float(stats.ttest_1samp(values, bound, alternative="less").pvalue)


def interval(values: Values) -> tuple[float, float, float]:
    """Mean and 95 % limits over seeds (Student's t)."""
    mean = float(values.mean())
    quantile = float(stats.t.ppf(0.975, len(values) - 1))
    half = quantile * float(values.std(ddof=1)) / math.sqrt(len(values))
    return mean, mean - half, mean + half


def holm(p_values: Sequence[float]) -> list[float]:
    """P values corrected for their number (Holm, Scand. J. Statist. 6, 1979).

    Args:
        p_values: NaN where nothing was tested, which does not count.
    """
    p = np.asarray(p_values, dtype=float)
    order = [i for i in np.argsort(p, kind="stable") if not math.isnan(p[i])]
    corrected, largest = np.full(len(p), math.nan), 0.0
    for place, i in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - place) * p[i]))
        corrected[i] = largest
    return [float(value) for value in corrected]
