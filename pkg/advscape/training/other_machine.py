"""Initial weights changed by as little as rounding: it stands for another machine."""

import torch
from torch import nn

from advscape.models.restored import trained


@torch.no_grad()
def perturb_initial_weights(model: nn.Module, size: float, seed: int) -> None:
    """Multiply each trained weight by 1 + size * z, z standard normal.

    Two machines sum in different orders, and training multiplies the differences. A change of
    1e-6, some ten roundings of float32, ends as far away as another machine does.

    Args:
        model: changed in place; weights that are 0 stay so.
        size: of the change, relative to each weight.
        seed: of the draws.
    """
    generator = torch.Generator().manual_seed(seed)
    for parameter in trained(model):
        draws = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        parameter.mul_((1 + size * draws).to(parameter.device, parameter.dtype))
