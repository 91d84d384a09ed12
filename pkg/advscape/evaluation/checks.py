"""Sanity checks of attacks: numbers that a trustworthy evaluation keeps below a bound.

A violation means that an accuracy overstates the robustness, or that training left a network on
which gradients say little. It is recorded, never repaired.
"""

import math
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

#: name of the check against a published accuracy, which the report shows first
PUBLISHED = "accuracy as published"
#: name of the check against guessing, which the report shows among the first
GUESS = "errors against a constant guess"
#: name of the check of the first-order condition, of which the report says what helps
KKT = "kkt residual"
#: largest share of a constant guess's errors: a network with all of them has learnt nothing
GUESS_BOUND = 0.98
#: largest fall of the loss between two numbers of steps, relative: random starts leave some
STEPS_BOUND = 0.01
#: largest rise of an accuracy from one epsilon to the next
EPSILON_BOUND = 0.005
#: how much lower than PGD's AutoAttack's accuracy may be: beyond, PGD says too little
OVERSTATEMENT_BOUND = 0.05
#: median residual: to first order 0.5 % of the loss's rise is missed. Steps of 2.5 epsilon in all
#: leave about 0.16 even on a linear model (the angle to the optimum shrinks by exp(-2.5))
KKT_BOUND = 0.1


@dataclass(frozen=True)
class Check:
    """One check: its value may be the bound or less.

    Attributes:
        check: what is checked.
        value: not above the bound where all is well; NaN fails.
        bound: the bound.
        n: samples it was taken over.
    """

    check: str
    value: float
    bound: float
    n: int

    @property
    def ok(self) -> bool:
        """Whether it passed."""
        return self.value <= self.bound


def loss_rises_with_steps(losses: Sequence[float], n: int) -> Check:
    """Largest fall of the loss from one number of steps to the next, relative to the former.

    Args:
        losses: mean loss after more and more steps from the same starts; two or more.
        n: samples.
    """
    tiny = sys.float_info.min  # a loss may be 0
    falls = [(before - after) / max(before, tiny) for before, after in pairwise(losses)]
    return Check("loss rises with steps", _largest(falls), STEPS_BOUND, n)


def accuracy_falls_with_epsilon(judges: Iterable[Mapping[float, float]], n: int) -> Check:
    """Largest rise of an accuracy from one epsilon to the next.

    Args:
        judges: for each attack its accuracy by epsilon, on the same samples; two or more each.
        n: samples.
    """
    rises = [
        judge[larger] - judge[smaller]
        for judge in judges
        for smaller, larger in pairwise(sorted(judge))
    ]
    return Check("accuracy falls with epsilon", _largest(rises), EPSILON_BOUND, n)


def autoattack_against_pgd(pairs: Iterable[tuple[float, float]], n: int) -> list[Check]:
    """AutoAttack must not be weaker than PGD, and PGD not much weaker than AutoAttack.

    Args:
        pairs: accuracy under AutoAttack and under the strongest PGD on the same samples, one pair
            for each epsilon.
        n: samples.
    """
    gaps = [auto - pgd for auto, pgd in pairs]
    return [
        Check("autoattack below pgd", _largest(gaps), 0.0, n),
        Check("pgd near autoattack", _largest([-gap for gap in gaps]), OVERSTATEMENT_BOUND, n),
    ]


def kkt_residual(median: float, n: int) -> Check:
    """Median over samples of :func:`advscape.attacks.kkt.kkt_residuals`."""
    return Check(KKT, median, KKT_BOUND, n)


def published_accuracy(
    measured: float, published: float, within: float, n: int, total: int
) -> Check:
    """How far a clean accuracy is from the one that was published with the weights.

    A network that is fed otherwise than it was trained (normalised or not, other classes, another
    size) shows itself here.

    Args:
        measured: accuracy on ``n`` test samples.
        published: on the whole test set.
        within: how far they may be apart.
        n: samples.
        total: size of the test set: of a part of it, three standard errors of a draw without
            replacement are added to ``within``.
    """
    spread = math.sqrt(published * (1 - published) / n * (total - n) / max(total - 1, 1))
    return Check(PUBLISHED, abs(measured - published), within + 3 * spread, n)


def errors_against_guess(accuracy: float, labels: Sequence[int]) -> list[Check]:
    """A network's errors over those of always guessing the most frequent label.

    Nothing that is measured of a network without more than that says what training did.

    Args:
        accuracy: without an attack.
        labels: of the samples.

    Returns:
        The check; none where the labels are all the same.
    """
    most = max(Counter(labels).values()) / len(labels)
    if most == 1:
        return []
    return [Check(GUESS, (1 - accuracy) / (1 - most), GUESS_BOUND, len(labels))]


def check_rows(checks: Iterable[Check], key: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of sanity.csv: the checks of one model on one split, after its key columns."""
    return [{**key, **vars(check), "ok": check.ok} for check in checks]


def _largest(values: Sequence[float]) -> float:
    """The largest value; NaN if one is, which ``max`` alone would miss."""
    return max(values, key=lambda value: (value != value, value))
