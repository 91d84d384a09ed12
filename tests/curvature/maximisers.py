"""Small networks under attack, with every sample at its maximum to the last digits."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from advscape.attacks.pgd import PGD
from advscape.attacks.refine import refine
from advscape.attacks.samples import AttackedSamples
from advscape.curvature.optimality import Optimality, attack_optimality
from advscape.losses import precise_losses
from advscape.threat import ThreatModel

TOLERANCE = 1e-10


class Case(NamedTuple):
    """A model under attack."""

    model: nn.Module
    x: Tensor
    perturbed: Tensor
    y: Tensor
    threat: ThreatModel
    optimality: Optimality


def dense_net(activation, seed=0):
    """Two layers on six pixels, three classes, 83 weights, float64."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Linear(6, 8), activation(), nn.Linear(8, 3)).double()
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.mul_(2)
    return net


def attacked(activation, box=False, n=40, batch_size=16):
    model, threat = dense_net(activation), ThreatModel("l2", 0.5, box)
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(n, 6, generator=generator, dtype=torch.float64)
    y = torch.randint(0, 3, (n,), generator=generator)
    start = PGD(threat, 20)(model, x, y, generator)
    found = refine(model, AttackedSamples(x, start, y, threat), 1000, 1e-13)
    optimality = attack_optimality(
        model, AttackedSamples(x, found.perturbed, y, threat), TOLERANCE, batch_size,
    )  # fmt: skip
    return Case(model, x, found.perturbed, y, threat, optimality)


def re_attacked_gradient(case, step):
    """Gradient of the valid samples' adversarial loss with the weights moved by ``step``."""
    valid, parameters = case.optimality.valid, list(case.model.parameters())
    here = nn.utils.parameters_to_vector(parameters).detach().clone()
    x, y = case.x[valid], case.y[valid]
    nn.utils.vector_to_parameters(here + step, parameters)
    try:
        found = refine(
            case.model, AttackedSamples(x, case.perturbed[valid], y, case.threat), 2000, 1e-14
        )
        loss = precise_losses(case.model(found.perturbed), y).mean()
        return torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, parameters)])
    finally:
        nn.utils.vector_to_parameters(here, parameters)


def central_differences(case, v, h=1e-5):
    """The re-attacked gradient's derivative along v, of fourth order in h."""

    def slope(k):
        return re_attacked_gradient(case, k * h * v) - re_attacked_gradient(case, -k * h * v)

    return (8 * slope(1) - slope(2)) / (12 * h)
