"""A claim's verdict, from its decision rule and the measurements."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

#: fewer seeds or epsilons than this decide nothing
FEWEST = 3

Verdict = Literal["supported", "not supported", "contradicted", "not testable"]


@dataclass(frozen=True)
class Decision:
    """What a rule says of a series.

    Attributes:
        statistic: what ``estimate`` is, in words.
        estimate: geometric mean over seeds of a ratio between epsilons.
        ci_low: lower 95 % limit of the ratio, Student's t on logarithms over seeds.
        ci_high: upper 95 % limit.
        p_value: of the trend (grows), or of the ratio reaching its bound (flat, no-growth).
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


def decide(
    values: pd.DataFrame, rule: Literal["grows", "flat", "no-growth"], ratio: float, level: float
) -> Decision:
    """Apply a rule.

    Args:
        values: seeds by epsilons, ascending, all present.
        rule: see :class:`advscape.study.config.claim.ClaimConfig`.
        ratio: its effect size.
        level: of the trend test.
    """
    statistic, words = _words(rule, ratio, level)
    array = values.to_numpy(float)
    if min(array.shape) < FEWEST or not np.all(array > 0):
        nothing = (math.nan,) * 4
        return Decision(statistic, *nothing, "not testable", words)
    first, last = array[:, 0], array[:, -1]
    ratios = {
        "grows": last / first,
        "flat": array.max(axis=1) / array.min(axis=1),
        "no-growth": array.max(axis=1) / first,
    }[rule]
    estimate, low, high = _interval(np.log(ratios))
    if rule == "grows":
        up = stats.page_trend_test(array).pvalue
        down = stats.page_trend_test(array[:, ::-1]).pvalue
        verdict = _verdict(up < level and low > ratio, down < level and high < 1 / ratio)
        return Decision(statistic, estimate, low, high, float(up), verdict, words)
    p = _p_below(np.log(ratios), math.log(ratio))
    verdict = _verdict(high < ratio, low > ratio)
    return Decision(statistic, estimate, low, high, p, verdict, words)


def _words(rule: str, ratio: float, level: float) -> tuple[str, str]:
    if rule == "grows":
        return (
            "ratio of the last to the first epsilon",
            f"Page's trend test over seeds has p < {level:g} and the ratio's 95 % interval lies "
            f"above {ratio:g}",
        )
    what = "smallest" if rule == "flat" else "first"
    return (
        f"ratio of the largest value over the grid to the {what}",
        f"the ratio's 95 % interval lies below {ratio:g}",
    )


def _verdict(supported: bool, contradicted: bool) -> Verdict:
    if supported:
        return "supported"
    return "contradicted" if contradicted else "not supported"


def _interval(logs: np.ndarray) -> tuple[float, float, float]:
    """Geometric mean and 95 % limits over seeds."""
    mean = logs.mean()
    half = stats.t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / math.sqrt(len(logs))
    return tuple(float(np.exp(mean + shift)) for shift in (0.0, -half, half))


def _p_below(logs: np.ndarray, bound: float) -> float:
    """One-sided p of the mean being at least the bound; equal logarithms leave no doubt."""
    if logs.std() == 0:
        return float(logs[0] >= bound)
    return float(stats.ttest_1samp(logs, bound, alternative="less").pvalue)
