"""How often the rules of claims decide, on simulated studies: the table in docs/quantities.md.

Values are lognormal with a spread over runs, and grow (or not) evenly in the logarithm over four
epsilons. A rule's bound is 1.5. No peer: what is asked is how many seeds a study needs.

    python benchmarks/claims.py
"""

import numpy as np
import pandas as pd

from advscape.statistics.decide import decide

STUDIES, BOUND, EPSILONS = 1000, 1.5, 4
SEEDS, SPREADS = (3, 4, 5, 8), (0.3, 0.85)
#: rules with the true ratios at which their power is asked for
CASES = {"grows": (1.5, 3.0, 5.0, 10.0), "flat": (1.5, 1.2, 1.0), "no-growth": (1.5, 1.2, 1.0)}


def share(rule: str, ratio: float, seeds: int, spread: float) -> float:
    """Share of the studies in which the claim is supported."""
    rng = np.random.default_rng(0)
    course = np.log(ratio) * np.linspace(0, 1, EPSILONS)
    verdicts = (
        decide(
            pd.DataFrame(np.exp(course + rng.normal(scale=spread, size=(seeds, EPSILONS)))),
            rule, BOUND, 0.05,
        ).verdict
        for _ in range(STUDIES)
    )  # fmt: skip
    return sum(verdict == "supported" for verdict in verdicts) / STUDIES


def main() -> None:
    """Print the table, in Markdown."""
    heads = [f"{seeds} seeds, spread {spread:g}" for spread in SPREADS for seeds in SEEDS]
    print(f"| rule | true ratio | {' | '.join(heads)} |")
    print(f"| --- | --- |{' --- |' * len(heads)}")
    for rule, true in CASES.items():
        for ratio in true:
            found = [f"{share(rule, ratio, n, s):.0%}" for s in SPREADS for n in SEEDS]
            print(f"| {rule} | {ratio:g} | {' | '.join(found)} |")


if __name__ == "__main__":
    main()
