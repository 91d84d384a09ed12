"""A claim's verdict, from its decision rule and the measurements."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from advscape.references import imported
from advscape.statistics.ratios import Values
from advscape.statistics.rules import RULES

#: fewer seeds or epsilons than this decide nothing
FEWEST = 3

Verdict = Literal["supported", "not supported", "contradicted", "not testable"]


@dataclass(frozen=True)
class Outcome:
    """What a test says: its p value, and whether it supports or contradicts the claim."""

    p_value: float
    supported: bool
    contradicted: bool


@dataclass(frozen=True)
class Decision:
    """What a rule says of a series.

    Attributes:
        statistic: what ``estimate`` is, in words.
        estimate: geometric mean over seeds of a ratio between epsilons.
        ci_low: lower 95 % limit of the ratio, Student's t on logarithms over seeds.
        ci_high: upper 95 % limit.
        p_value: of the rule's test.
        verdict: the outcome.
        rule: the rule in words.
    """

    statistic: str
    estimate: float
    ci_low: float
    ci_high: float
    p_value: float
    verdict: Verdict
    rule: str


def decide(values: pd.DataFrame, rule: str, ratio: float, level: float) -> Decision:
    """Apply a rule.

    Args:
        values: seeds by epsilons, ascending, all present.
        rule: a name of :data:`advscape.statistics.rules.RULES`.
        ratio: its effect size.
        level: of the trend test.
    """
    how = RULES[rule]
    words = how.criterion.format(ratio=ratio, level=level)
    array = values.to_numpy(float)
    if min(array.shape) < FEWEST or not np.all(array > 0):
        nothing = (math.nan,) * 4
        return Decision(how.statistic, *nothing, "not testable", words)
    ratios: Values = imported(how.ratios)(array)
    outcome: Outcome = imported(how.test)(array, ratios, ratio, level)
    verdict: Verdict = "not supported"
    if outcome.supported:
        verdict = "supported"
    elif outcome.contradicted:
        verdict = "contradicted"
    return Decision(how.statistic, *interval(ratios), outcome.p_value, verdict, words)


def trend(values: Values, ratios: Values, ratio: float, level: float) -> Outcome:
    """Page's trend test over seeds, together with the ratio's interval above its bound.

    Args:
        values: (seeds, epsilons), epsilons ascending.
        ratios: (seeds,).
        ratio: the bound.
        level: of the test.
    """
    _, low, high = interval(ratios)
    up = float(stats.page_trend_test(values).pvalue)
    down = float(stats.page_trend_test(values[:, ::-1]).pvalue)
    return Outcome(up, up < level and low > ratio, down < level and high < 1 / ratio)


def falling_trend(values: Values, ratios: Values, ratio: float, level: float) -> Outcome:
    """The same downwards; arguments as of :func:`trend`."""
    return trend(values[:, ::-1], 1 / ratios, ratio, level)


def bounded(values: Values, ratios: Values, ratio: float, level: float) -> Outcome:
    """Whether the ratio is shown to lie below its bound: a one-sided t test on logarithms.

    Contradicted where its 95 % interval lies above the bound.

    Args:
        values: (seeds, epsilons), epsilons ascending.
        ratios: (seeds,).
        ratio: the bound.
        level: of the test.
    """
    p = _below(np.log(ratios), math.log(ratio))
    return Outcome(p, p < level, interval(ratios)[1] > ratio)


def equivalent(values: Values, ratios: Values, ratio: float, level: float) -> Outcome:
    """Whether the ratio is shown to lie within its bound on both sides: two one-sided t tests
    (Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987). The p value is the larger of theirs.

    Contradicted where the 95 % interval lies outside. Arguments as of :func:`bounded`.
    """
    logs, bound = np.log(ratios), math.log(ratio)
    p = max(_below(logs, bound), _below(-logs, bound))
    _, low, high = interval(ratios)
    return Outcome(p, p < level, low > ratio or high < 1 / ratio)


def _below(logs: Values, bound: float) -> float:
    """The p value of a mean below a bound."""
    if logs.std() == 0:  # equal logarithms leave no doubt
        return float(logs[0] >= bound)
    return float(stats.ttest_1samp(logs, bound, alternative="less").pvalue)


def interval(ratios: Values) -> tuple[float, float, float]:
    """Geometric mean and 95 % limits over seeds (Student's t on logarithms)."""
    logs = np.log(ratios)
    mean = float(logs.mean())
    quantile = float(stats.t.ppf(0.975, len(logs) - 1))
    half = quantile * float(logs.std(ddof=1)) / math.sqrt(len(logs))
    return float(np.exp(mean)), float(np.exp(mean - half)), float(np.exp(mean + half))
