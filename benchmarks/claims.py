"""How often the rules of claims decide, on simulated studies: the table in docs/quantities.md.

Values are lognormal with a spread over runs, and grow (or not) evenly in the logarithm over four
epsilons. A rule's bound is 1.5. No peer: what is asked is how many seeds a study needs.

    python benchmarks/claims.py
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import stats

from advscape.statistics.decide import judged
from advscape.statistics.effects import Effects, Values

STUDIES, BOUND, EPSILONS = 1000, 1.5, 4
SEEDS, SPREADS = (3, 4, 5, 8), (0.3, 0.85)
#: rules with the true ratios at which their power is asked for; of differs that of two arms
RATIOS = {
    "grows": (1.5, 3.0, 5.0, 10.0),
    "flat": (1.5, 1.2, 1.0),
    "no-growth": (1.5, 1.2, 1.0),
    "differs": (1.5, 3.0, 5.0),
}
#: true shares, of which at least the first is claimed; true values of tau
SHARES, TAUS = (0.3, 0.4, 0.5), (0.0, 0.3, 0.5)


def claim(rule: str, bound: float, sign: str | None) -> dict[str, object]:
    """As much of a claim as rules look at."""
    return {"rule": rule, "bound": bound, "sign": sign, "difference": None, "level": 0.05}


def power(asked: dict[str, object], draw: Callable[[], tuple], scale: str) -> float:
    """Share of the studies in which a claim is supported."""
    verdicts = (judged(Effects(scale, "", *draw()), asked).verdict for _ in range(STUDIES))
    return sum(verdict == "supported" for verdict in verdicts) / STUDIES


def ratio_power(rule: str, ratio: float, seeds: int, spread: float) -> float:
    """Of a rule about ratios."""
    rng = np.random.default_rng(0)
    course = np.log(ratio) * np.linspace(0, 1, EPSILONS)

    def draw() -> tuple[Values, int, str, Values]:
        logs = course + rng.normal(scale=spread, size=(seeds, EPSILONS))
        return logs[:, -1] - logs[:, 0], logs.size, "", np.exp(logs)

    sign = "positive" if rule == "differs" else None
    return power(claim(rule, BOUND, sign), draw, "ratio")


def share_power(share: float, seeds: int, spread: float) -> float:
    """Of a share of lognormal parts; the true share is that of the medians."""
    rng = np.random.default_rng(0)

    def draw() -> tuple[Values, int, str]:
        odds = share / (1 - share) * np.exp(rng.normal(scale=spread, size=seeds))
        return odds / (1 + odds), 2 * seeds, ""

    return power(claim("share", SHARES[0], "positive"), draw, "share")


def tau_power(tau: float, seeds: int) -> float:
    """Of an association, normal with the correlation sin(pi tau / 2)."""
    rng, correlation = np.random.default_rng(0), math.sin(math.pi * tau / 2)

    def of(x: Values, y: Values) -> float:
        return float(stats.kendalltau(x, y).statistic)

    def draw() -> tuple[Values, int, str]:
        x, noise = rng.normal(size=(2, seeds, EPSILONS))
        y = correlation * x + math.sqrt(1 - correlation**2) * noise
        without = np.array([of(np.delete(x, s, 0), np.delete(y, s, 0)) for s in range(seeds)])
        return seeds * of(x, y) - (seeds - 1) * without, x.size, ""

    return power(claim("associated", 0.0, "positive"), draw, "tau")


def main() -> None:
    """Print the table, in Markdown."""
    heads = [f"{seeds} seeds, spread {spread:g}" for spread in SPREADS for seeds in SEEDS]
    print(f"| rule | truth | {' | '.join(heads)} |")
    print(f"| --- | --- |{' --- |' * len(heads)}")
    cells = [(n, s) for s in SPREADS for n in SEEDS]
    for rule, true in RATIOS.items():
        for ratio in true:
            found = [f"{ratio_power(rule, ratio, n, s):.0%}" for n, s in cells]
            print(f"| `{rule}` | {ratio:g} | {' | '.join(found)} |")
    for share in SHARES:
        found = [f"{share_power(share, n, s):.0%}" for n, s in cells]
        print(f"| `share` | {share:g} | {' | '.join(found)} |")
    for tau in TAUS:
        found = [f"{tau_power(tau, n):.0%}" for n in SEEDS]
        print(f"| `associated` | {tau:g} | {' | '.join(found + [''] * len(SEEDS))} |")


if __name__ == "__main__":
    main()
