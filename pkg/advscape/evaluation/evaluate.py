"""Loss and accuracy of a network on fixed samples."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from advscape.evaluation.finite import check_finite
from advscape.losses import correct, sample_losses, true_probability
from advscape.machine.memory import MicroBatch
from advscape.models.untouched import untouched


@dataclass(frozen=True)
class Score:
    """Means over n samples: loss, accuracy, and p (1 - p) of the true label's probability p."""

    loss: float
    accuracy: float
    mean_p1p: float
    n: int


@dataclass(frozen=True)
class SampleScores:
    """The same of each sample: (n,) loss, whether it is classified right, and p (1 - p)."""

    loss: Tensor
    correct: Tensor
    p1p: Tensor

    def means(self) -> Score:
        """Exact means, summed in float64."""
        parts = torch.stack([self.loss.double(), self.correct.double(), self.p1p.double()])
        loss, accuracy, mean_p1p = parts.mean(dim=1).tolist()
        return Score(loss, accuracy, mean_p1p, len(self.loss))


@torch.no_grad()
def sample_scores(
    model: nn.Module, x: Tensor, y: Tensor, batch_size: int, what: str = "inputs"
) -> SampleScores:
    """Score every sample in eval mode on inputs as they are.

    Args:
        model: left as it was.
        x: (n, ...) inputs, perturbed or not.
        y: (n,) labels.
        batch_size: samples per forward pass; fewer where memory does not hold them.
        what: the inputs in words, for errors.

    Raises:
        NotFinite: an output is not finite.
    """
    with untouched(model):
        outputs = MicroBatch(batch_size).run(
            lambda size: torch.cat([model(xb) for xb in x.split(size)])
        )
    check_finite(outputs, x, what)
    p = true_probability(outputs, y)
    return SampleScores(sample_losses(outputs, y), correct(outputs, y), p * (1 - p))


def score(model: nn.Module, x: Tensor, y: Tensor, batch_size: int, what: str = "inputs") -> Score:
    """Means of :func:`sample_scores`; exact for any batch size."""
    return sample_scores(model, x, y, batch_size, what).means()
