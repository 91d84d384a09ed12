"""How near an attack is to a maximum of the loss over its threat model."""

import torch
from torch import Tensor, nn

from advscape.attacks.samples import AttackedSamples
from advscape.losses import precise_losses
from advscape.machine.memory import MicroBatch
from advscape.models.untouched import untouched
from advscape.threat import ThreatModel, lengths


def kkt_residuals(model: nn.Module, samples: AttackedSamples) -> Tensor:
    r"""Residual \|delta* - delta\| / epsilon of each sample.

    delta* is the perturbation of the threat model along which the loss's gradient g at delta rises
    most: epsilon g / \|g\| without a box (see
    :meth:`advscape.threat.ThreatModel.linear_maximiser`). At a maximum the two are the same; at
    random noise the residual is about sqrt(2). Where the gradient vanishes the direction does not
    exist and the residual is \|delta\| / epsilon.

    Args:
        model: gives (n, classes) logits; used in eval mode and left as it was.
        samples: attacked with L2 and an epsilon above 0.

    Returns:
        (n,) residuals.

    Raises:
        ValueError: the threat model is another one.
    """
    check_sphere(samples.threat)
    gradient = input_gradient(model, samples.perturbed, samples.y)
    return stationarity(gradient, samples.detached().delta, samples.x, samples.threat)


def stationarity(gradient: Tensor, delta: Tensor, x: Tensor, threat: ThreatModel) -> Tensor:
    r"""How far each sample is from meeting the first-order condition: (n,), 0 where it does.

    With L2 the residual of :func:`kkt_residuals`. With Linf, where the gradient vanishes at pixels
    that are at no bound, the gap g . (delta* - delta) of Frank and Wolfe over epsilon \|g\|_1.

    Args:
        gradient: (n, ...) at ``delta``.
        delta: (n, ...) perturbations in the set.
        x: (n, ...) clean inputs, used with a box only.
        threat: the set, of an epsilon above 0.
    """
    aim = threat.linear_maximiser(gradient, x) - delta
    if threat.norm == "l2":
        return lengths(aim) / threat.epsilon
    gradient, aim = gradient.flatten(1), aim.flatten(1)
    size = gradient.abs().amax(dim=1, keepdim=True)
    share = gradient / torch.where(size > 0, size, 1.0)  # whose sums neither overflow nor vanish
    total = share.abs().sum(dim=1) * threat.epsilon
    return (share * aim).sum(dim=1) / torch.where(total > 0, total, 1.0)


def input_gradient(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Gradient of each sample's loss in its input, (n, ...); eval mode, model left as it was.

    All samples go through the model at once, in parts where memory does not hold them.
    """

    def gradients(size: int) -> list[Tensor]:
        parts = zip(x.detach().split(size), y.split(size), strict=True)
        return [_gradient(model, xb.requires_grad_(True), yb) for xb, yb in parts]

    with untouched(model):
        return torch.cat(MicroBatch(len(x)).run(gradients))


def _gradient(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return torch.autograd.grad(precise_losses(model(x), y).sum(), x)[0]


def check_sphere(threat: ThreatModel) -> None:
    """Refuse threat models whose maxima do not lie on a sphere.

    Raises:
        ValueError: Linf, whose maxima sit in corners, or epsilon 0.
    """
    if threat.norm != "l2" or threat.epsilon == 0:
        raise ValueError(f"threat: got {threat}; allowed: l2, epsilon above 0")
