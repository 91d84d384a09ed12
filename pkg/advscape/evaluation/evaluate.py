"""Loss and accuracy of a network on fixed samples."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from advscape.attacks.pgd import PGD
from advscape.attacks.untouched import untouched
from advscape.losses import correct, sample_losses, true_probability


@dataclass(frozen=True)
class Score:
    """Means over n samples: loss, accuracy, and p (1 - p) of the true label's probability p."""

    loss: float
    accuracy: float
    mean_p1p: float
    n: int


@torch.no_grad()
def score(model: nn.Module, x: Tensor, y: Tensor, batch_size: int) -> Score:
    """Score a network in eval mode on inputs as they are.

    Args:
        model: left as it was.
        x: (n, ...) inputs, perturbed or not.
        y: (n,) labels.
        batch_size: samples per forward pass; the means are exact for any.
    """
    totals = torch.zeros(3, dtype=torch.float64, device=x.device)
    with untouched(model):
        for xb, yb in zip(x.split(batch_size), y.split(batch_size), strict=True):
            outputs = model(xb)
            p = true_probability(outputs, yb)
            parts = sample_losses(outputs, yb), correct(outputs, yb), p * (1 - p)
            totals += torch.stack([part.double().sum() for part in parts])
    loss, accuracy, mean_p1p = (totals / len(y)).tolist()
    return Score(loss, accuracy, mean_p1p, len(y))


def perturb(
    model: nn.Module, x: Tensor, y: Tensor, attack: PGD, seed: int, batch_size: int
) -> Tensor:
    """Attack all samples in eval mode: (n, ...), from random starts of the seed."""
    generator = torch.Generator(x.device).manual_seed(seed)
    batches = zip(x.split(batch_size), y.split(batch_size), strict=True)
    return torch.cat([attack(model, xb, yb, generator) for xb, yb in batches])
