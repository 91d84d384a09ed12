"""The rules that decide claims; config and statistics take them from here. It imports nothing.

A rule is fixed in the config before any run. It looks at one ratio for each seed, formed over the
grid of epsilons, and tests it.
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
    "flat": Rule(
        "advscape.statistics.ratios:largest_to_smallest",
        "ratio of the largest value over the grid to the smallest",
        "advscape.statistics.decide:bounded",
        "the ratio's 95 % interval lies below {ratio:g}",
        "the ratio of the largest to the smallest value over the grid has its upper 95 % limit "
        "below `ratio`.",
    ),
    "no-growth": Rule(
        "advscape.statistics.ratios:largest_to_first",
        "ratio of the largest value over the grid to the first",
        "advscape.statistics.decide:bounded",
        "the ratio's 95 % interval lies below {ratio:g}",
        "as flat, for the ratio of the largest value to the one at the first epsilon.",
    ),
}


def descriptions() -> str:
    """All rules in words."""
    return " ".join(f"{name}: {rule.description}" for name, rule in RULES.items())
