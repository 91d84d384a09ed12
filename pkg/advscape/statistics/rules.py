"""The rules that decide claims; config and statistics take them from here. It imports nothing.

A rule is fixed in the config before any run. It looks at one effect for each seed, and tests it. A
ratio of the largest to the smallest value would be above 1 also where nothing but noise differs,
and the more so the larger the noise: none is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

#: where an effect has to be shown to be: above its bound, below the bound's opposite, on either of
#: these sides, below the bound, or between the opposite and the bound
Side = Literal["above", "opposite", "either", "below", "within"]


@dataclass(frozen=True)
class Rule:
    """A decision rule.

    Attributes:
        effects: ``module:name`` of what makes :class:`advscape.statistics.effects.Effects` of the
            tables and the claim.
        test: ``module:name`` of the test: from the effects and the claim to an
            :class:`advscape.statistics.decide.Outcome`.
        side: where the effect has to be shown to be, unless the claim's sign says so.
        keys: of a claim that only some rules take.
        criterion: when a claim is supported, in words with the fields of :func:`criterion`.
        description: for the config's schema.
        ratios: whether its effects are ratios, unless the claim asks for differences.
    """

    effects: str
    test: str
    side: Side | None
    keys: tuple[str, ...]
    criterion: str
    description: str
    ratios: bool = True


_ALONG = "advscape.statistics.effects:along"
_DECIDE = "advscape.statistics.decide"
_TREND_KEYS = ("along", "ratio", "difference")

#: by name
RULES: dict[str, Rule] = {
    "grows": Rule(
        _ALONG, f"{_DECIDE}:trend", "above", _TREND_KEYS,
        "Page's trend test over seeds has p < {level} and the {effect}'s 95 % interval lies "
        "{side}",
        "Page's trend test over the seeds has p < level, and the ratio of the last to the first "
        "epsilon has its lower 95 % limit above `ratio`.",
    ),
    "falls": Rule(
        _ALONG, f"{_DECIDE}:falling_trend", "opposite", _TREND_KEYS,
        "Page's trend test over seeds, for a fall, has p < {level} and the {effect}'s 95 % "
        "interval lies {side}",
        "as grows, downwards: the upper 95 % limit is below 1 / `ratio`.",
    ),
    "flat": Rule(
        _ALONG, f"{_DECIDE}:equivalent", "within", _TREND_KEYS,
        "the {effect} is shown to lie {side}: both one-sided t tests have p < {level}",
        "an equivalence test: two one-sided t tests at `level` show the ratio of the last to the "
        "first epsilon to lie between 1 / `ratio` and `ratio`.",
    ),
    "no-growth": Rule(
        _ALONG, f"{_DECIDE}:bounded", "below", _TREND_KEYS,
        "the {effect} is shown to lie {side}: a one-sided t test has p < {level}",
        "the upper side of flat alone.",
    ),
    "differs": Rule(
        "advscape.statistics.effects:paired", f"{_DECIDE}:apart", None,
        ("other", "sign", "ratio", "difference"),
        "the {effect} is shown to lie {side}: a two-sided t test over seeds has p < {level}",
        "the ratio of the measurement to the `other` one of the same seed is shown to lie beyond "
        "`ratio` by a two-sided t test: above with sign positive, below 1 / `ratio` with negative, "
        "else on either side.",
    ),
    "associated": Rule(
        "advscape.statistics.effects:association", f"{_DECIDE}:apart", None,
        ("other", "sign", "within"),
        "Kendall's tau is shown to lie {side}: a two-sided t test over seeds (jackknife) has "
        "p < {level}",
        "Kendall's tau of the measurement and the `other` one over the runs is shown to be above "
        "0 with sign positive, below with negative, else either; with `within` the mean of tau "
        "over its groups.",
        ratios=False,
    ),
    "share": Rule(
        "advscape.statistics.effects:part_of_whole", f"{_DECIDE}:beside_bound",
        None, ("other", "at_least", "at_most"),
        "the mean share is shown to lie {side}: a one-sided t test over seeds has p < {level}",
        "the measurement's share of the `other` one, its whole, is shown to be at least `at_least` "
        "or at most `at_most` by a one-sided t test over seeds.",
        ratios=False,
    ),
}  # fmt: skip


def side_of(claim: Mapping[str, Any]) -> Side:
    """Where a claim's effect has to be shown to be."""
    fixed = RULES[claim["rule"]].side
    if fixed is not None:
        return fixed
    if claim["sign"] is None:
        return "either"
    if claim["sign"] == "positive":
        return "above"
    return "below" if claim["rule"] == "share" else "opposite"


def criterion(claim: Mapping[str, Any]) -> str:
    """When a claim is supported, in words.

    Args:
        claim: ``rule``, ``bound``, ``difference``, ``sign`` and ``level``.
    """
    rule, bound = RULES[claim["rule"]], f"{claim['bound']:g}"
    ratio = rule.ratios and claim["difference"] is None
    opposite = f"{-claim['bound'] + 0.0:g}"
    if ratio:
        opposite = bound if bound == "1" else f"1 / {bound}"
    sides = {
        "above": f"above {bound}",
        "opposite": f"below {opposite}",
        "below": f"below {bound}",
        "within": f"between {opposite} and {bound}",
        "either": f"above {bound} or below {opposite}",
    }
    return rule.criterion.format(
        effect="ratio" if ratio else "difference",
        side=sides[side_of(claim)],
        level=f"{claim['level']:g}",
    )


def descriptions() -> str:
    """All rules in words."""
    return " ".join(f"{name}: {rule.description}" for name, rule in RULES.items())
