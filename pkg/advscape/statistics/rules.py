"""The rules that decide claims; config and statistics take them from here. It imports nothing.

A rule is fixed in the config before any run. It looks at one ratio for each seed, formed over the
grid of epsilons, and tests it. A ratio of the largest to the smallest value would be above 1 also
where nothing but noise differs, and the more so the larger the noise: none is looked at.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A decision rule.

    Attributes:
        ratios: ``module:name`` of the ratio: from values (seeds, epsilons), epsilons ascending, to
            one number above 0 for each seed.
        statistic: the ratio in words, for the table.
        test: ``module:name`` of the test: from the values, the ratios, the bound and the level to
            an :class:`advscape.statistics.decide.Outcome`.
        criterion: when a claim is supported, in words with the fields ``ratio`` and ``level``.
        description: for the config's schema.
    """

    ratios: str
    statistic: str
    test: str
    criterion: str
    description: str


#: by name
RULES: dict[str, Rule] = {
    "grows": Rule(
        "advscape.statistics.ratios:last_to_first",
        "ratio of the last to the first epsilon",
        "advscape.statistics.decide:trend",
        "Page's trend test over seeds has p < {level:g} and the ratio's 95 % interval lies above "
        "{ratio:g}",
        "Page's trend test over the seeds has p < level, and the ratio of the last to the first "
        "epsilon has its lower 95 % limit above `ratio`.",
    ),
    "falls": Rule(
        "advscape.statistics.ratios:last_to_first",
        "ratio of the last to the first epsilon",
        "advscape.statistics.decide:falling_trend",
        "Page's trend test over seeds, for a fall, has p < {level:g} and the ratio's 95 % interval "
        "lies below 1 / {ratio:g}",
        "as grows, downwards: the upper 95 % limit is below 1 / `ratio`.",
    ),
    "flat": Rule(
        "advscape.statistics.ratios:last_to_first",
        "ratio of the last to the first epsilon",
        "advscape.statistics.decide:equivalent",
        "the ratio is shown to lie between 1 / {ratio:g} and {ratio:g}: both one-sided t tests "
        "have p < {level:g}",
        "an equivalence test: two one-sided t tests at `level` show the ratio of the last to the "
        "first epsilon to lie between 1 / `ratio` and `ratio`.",
    ),
    "no-growth": Rule(
        "advscape.statistics.ratios:last_to_first",
        "ratio of the last to the first epsilon",
        "advscape.statistics.decide:bounded",
        "the ratio is shown to lie below {ratio:g}: a one-sided t test has p < {level:g}",
        "the upper side of flat alone.",
    ),
}


def descriptions() -> str:
    """All rules in words."""
    return " ".join(f"{name}: {rule.description}" for name, rule in RULES.items())
