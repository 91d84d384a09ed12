"""How near an attack is to a maximum of the loss on the sphere."""

import torch
from torch import Tensor, nn

from advscape.attacks.untouched import untouched
from advscape.losses import sample_losses
from advscape.threat import ThreatModel


def kkt_residuals(
    model: nn.Module, x: Tensor, perturbed: Tensor, y: Tensor, threat: ThreatModel
) -> Tensor:
    r"""Residual \|g / \|g\| - delta / epsilon\| of each sample, g the loss's gradient in the input.

    At a maximum on the sphere of radius epsilon the gradient points along the noise and the
    residual is 0; at random noise it is about sqrt(2). Where the gradient vanishes, as it does on
    saturated samples, the direction does not exist and the residual is \|delta\| / epsilon.

    Args:
        model: gives (n, classes) logits; used in eval mode and left as it was.
        x: (n, ...) clean inputs.
        perturbed: (n, ...) the attack's outcome.
        y: (n,) labels.
        threat: L2 without a box and epsilon above 0; elsewhere a maximum has another form.

    Returns:
        (n,) residuals.

    Raises:
        ValueError: the threat model is another one.
    """
    if threat.norm != "l2" or threat.box or threat.epsilon == 0:
        raise ValueError(f"threat: got {threat}; allowed: l2 without box, epsilon above 0")
    perturbed = perturbed.detach().requires_grad_(True)
    with untouched(model):
        (gradient,) = torch.autograd.grad(sample_losses(model(perturbed), y).sum(), perturbed)
    residual = threat.ascent(gradient, 1.0) - (perturbed.detach() - x) / threat.epsilon
    return torch.linalg.vector_norm(residual.flatten(1), dim=1)
