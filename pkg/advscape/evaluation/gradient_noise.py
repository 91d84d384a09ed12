"""How far the gradient of a batch is from that of all samples."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from advscape.losses import precise_losses
from advscape.models.restored import trained
from advscape.models.untouched import untouched

#: batches that are compared: the estimate's own relative error is about sqrt(2 / 15) at most
_BATCHES = 16


@dataclass(frozen=True)
class GradientNoise:
    """The trace of a covariance of gradients.

    Attributes:
        value: of single samples' gradients.
        stderr: its standard error, from the spread over batches.
        batches: that were compared.
    """

    value: float
    stderr: float
    batches: int


def gradient_noise(
    model: nn.Module, x: Tensor, y: Tensor, generator: torch.Generator
) -> GradientNoise | None:
    r"""Trace of the covariance of single samples' gradients over the trained parameters.

    .. math:: \mathrm{tr}\,\Sigma = \frac{m}{B - 1} \sum_b |g_b - \bar g|^2

    from the gradients g_b of B batches of m samples each, of which the covariance's trace is
    tr Sigma / m. Two gradients of all samples, and the memory of two.

    Args:
        model: used in eval mode and left as it was.
        x: (n, ...) inputs, attacked or not.
        y: (n,) labels.
        generator: draws the batches: the samples' order may say something of their classes. Up to
            15 samples are left out, so that batches are of one size.

    Returns:
        None for a single sample.
    """
    if len(y) < 2:
        return None
    parameters, size = trained(model), max(1, len(y) // _BATCHES)
    order = torch.randperm(len(y), generator=generator, device=generator.device).to(x.device)
    count = len(y) // size
    batches = [(x[part], y[part]) for part in order.split(size)[:count]]

    def gradient(batch: tuple[Tensor, Tensor]) -> list[Tensor]:
        loss = precise_losses(model(batch[0]), batch[1]).mean()
        return list(torch.autograd.grad(loss, parameters, materialize_grads=True))

    with untouched(model, freeze=False):
        mean = [torch.zeros_like(p) for p in parameters]
        for batch in batches:
            torch._foreach_add_(mean, gradient(batch), alpha=1 / count)
        squares = []
        for batch in batches:
            apart = torch._foreach_sub(gradient(batch), mean)
            squares.append(sum(float(part.double().square().sum()) for part in apart))
    values = size * count / (count - 1) * torch.tensor(squares, dtype=torch.float64)
    return GradientNoise(float(values.mean()), float(values.std()) / math.sqrt(count), count)
