"""The loss of a model's output: softmax cross-entropy, or logistic for a single logit.

A single logit z gives log(1 + exp(-t z)) with t = 2 y - 1; two logits on the same linear model
would double every curvature (see :mod:`advscape.linear.robust_loss` for the closed form).
"""

import torch
from torch import Tensor
from torch.nn import functional


def sample_losses(outputs: Tensor, y: Tensor) -> Tensor:
    """Loss of each sample.

    Args:
        outputs: (n, classes) logits, or (n, 1) for a single logit.
        y: (n,) int64 labels.

    Returns:
        (n,) of the dtype of ``outputs``.
    """
    if outputs.shape[1] == 1:
        # torch's softplus is cut to a straight line from 20 on, logsigmoid is exact
        return -functional.logsigmoid(_signs(outputs, y) * outputs[:, 0])
    return functional.cross_entropy(outputs, y, reduction="none")


def correct(outputs: Tensor, y: Tensor) -> Tensor:
    """Whether each sample is classified right: (n,) bool."""
    if outputs.shape[1] == 1:
        return _signs(outputs, y) * outputs[:, 0] > 0
    return outputs.argmax(dim=1) == y


def true_probability(outputs: Tensor, y: Tensor) -> Tensor:
    """Probability that the model gives to the true label: (n,)."""
    return torch.exp(-sample_losses(outputs, y))


def _signs(outputs: Tensor, y: Tensor) -> Tensor:
    return (2 * y - 1).to(outputs.dtype)
