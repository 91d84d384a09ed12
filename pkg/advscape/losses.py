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
        (n,) of the dtype of ``outputs``, float32 where that is half precision.
    """
    if outputs.shape[1] == 1:
        # torch's softplus is cut to a straight line from 20 on, logsigmoid is exact
        return -functional.logsigmoid(_signs(outputs, y) * outputs[:, 0])
    return functional.cross_entropy(full_precision(outputs), y, reduction="none")


def full_precision(outputs: Tensor) -> Tensor:
    """Outputs in float32 or more: half precision would round a loss to three digits."""
    return outputs.float() if outputs.dtype in (torch.bfloat16, torch.float16) else outputs


def precise_losses(outputs: Tensor, y: Tensor) -> Tensor:
    """The same losses, whose derivatives keep their relative accuracy on saturated samples.

    The derivative in the true logit is p_y - 1, which is 0 in float32 once the margin passes 17.
    Here it is minus the sum of the others, each of them accurate.

    Args:
        outputs: as of :func:`sample_losses`.
        y: (n,) int64 labels.

    Returns:
        (n,) of the dtype of ``outputs``.
    """
    return gap_losses(logit_gaps(outputs, y))


def gap_losses(gaps: Tensor) -> Tensor:
    """The same (n,) from :func:`logit_gaps`."""
    return functional.pad(gaps, (1, 0)).logsumexp(dim=1)


def logit_gaps(outputs: Tensor, y: Tensor) -> Tensor:
    """The other logits minus the true one, (n, classes - 1); -t z (n, 1) for a single logit.

    The loss is log(1 + sum exp(gap)), so its gradient and Hessian in the gaps are q and
    diag(q) - q q^T, q the probabilities of the other classes.
    """
    if outputs.shape[1] == 1:
        return -_signs(outputs, y)[:, None] * outputs
    others = torch.arange(outputs.shape[1] - 1, device=outputs.device).expand(len(y), -1)
    others = others + (others >= y[:, None])
    return outputs.gather(1, others) - outputs.gather(1, y[:, None])


def gap_probabilities(gaps: Tensor) -> Tensor:
    """Probabilities (n, classes) from :func:`logit_gaps`: the true label's, then the others'."""
    return functional.pad(gaps, (1, 0)).softmax(dim=1)


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
