"""By how much PGD overstates robust accuracy: the same samples before a much stronger PGD."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from advscape.attacks.perturb import perturb
from advscape.attacks.pgd import PGD
from advscape.evaluation.checks import Check
from advscape.evaluation.evaluate import SampleScores, sample_scores
from advscape.losses import logit_gaps, sample_losses
from advscape.seeds import stream

#: steps of the long attack, as a multiple of the judge's
LONGER = 10
#: random starts of the long attack, each with both losses
RESTARTS = 5
#: the further starts are for so many samples, those that the first one brought nearest to an error;
#: in the default study starts for all found one of 256 more at most, and took three times as long
NEAREST = 32
#: how much robust accuracy the long attack may take away: one point
BOUND = 0.01


def margins(outputs: Tensor, y: Tensor) -> Tensor:
    """The largest other logit minus the true one (n,): above 0 where the label is missed.

    Its gradient does not vanish where softmax is saturated, as that of the cross-entropy does
    (Carlini and Wagner 2017, arXiv 1608.04644).
    """
    return logit_gaps(outputs, y).amax(dim=1)


_LOSSES = {"cross-entropy": sample_losses, "margin": margins}


def pgd_near_long_pgd(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    judges: Sequence[PGD],
    seed: int,
    batch_size: int,
    bfloat16: bool = False,
) -> Check:
    """Robust accuracy under the strongest judge minus that under a long attack, paired by sample.

    The long attack has ten times the strongest judge's steps and five random starts, each with the
    cross-entropy and with the margin. What that judge broke counts as broken, and only what is
    still classified right is attacked again: the value is not below 0. The first start is for all
    of these, the others are for the :data:`NEAREST` whose loss came highest.

    Args:
        model: left as it was.
        x: (n, ...) inputs.
        y: (n,) labels.
        judges: of one threat model with an epsilon above 0; the strongest is the one that leaves
            the lowest accuracy, of equal ones the one with the most steps.
        seed: of all draws.
        batch_size: samples that go through at once.
        bfloat16: whether the judges may use it; the long attack does not.

    Raises:
        NotFinite: an output under attack is not finite.
    """

    def judged(attack: PGD, of: Tensor, name: str, half: bool = False) -> SampleScores:
        """Scores of some samples under an attack."""
        inputs, labels = x[of], y[of]
        draws = stream(seed, name)
        perturbed = perturb(model, inputs, labels, attack, draws, batch_size, half)
        return sample_scores(model, perturbed, labels, batch_size, f"test images under {name}")

    everyone = torch.arange(len(y), device=y.device)
    scores = [judged(judge, everyone, "pgd", bfloat16) for judge in judges]
    k = min(range(len(judges)), key=lambda i: (int(scores[i].correct.sum()), -judges[i].steps))
    long = replace(judges[k], steps=LONGER * judges[k].steps, restarts=1, start="ball")
    left, reached = everyone[scores[k].correct], scores[k].loss[scores[k].correct]
    before = len(left)
    for name, loss in _LOSSES.items():
        if len(left) == 0:
            break
        found = judged(replace(long, loss=loss), left, f"long pgd, {name}")
        left = left[found.correct]
        reached = torch.maximum(reached, found.loss)[found.correct]
    nearest = left[reached.topk(min(NEAREST, len(left))).indices]
    broken = before - len(left)
    for name, loss in _LOSSES.items():
        if len(nearest) == 0:
            break
        starts = nearest.repeat(RESTARTS - 1)  # all at once: samples do not see each other
        found = judged(replace(long, loss=loss), starts, f"long pgd, {name}, more starts")
        right = found.correct.view(RESTARTS - 1, -1).all(dim=0)
        broken += int((~right).sum())
        nearest = nearest[right]
    return Check("pgd near long pgd", broken / len(y), BOUND, len(y))
