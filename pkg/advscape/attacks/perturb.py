"""Perturbed inputs of all samples, batch by batch."""

import torch
from torch import Tensor, nn

from advscape.attacks.attack import Attack
from advscape.machine.memory import MicroBatch


def perturb(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    attack: Attack,
    seed: int,
    batch_size: int,
    bfloat16: bool = False,
) -> Tensor:
    """Attack all samples in eval mode.

    Args:
        model: left as it was.
        x: (n, ...) inputs.
        y: (n,) labels.
        attack: the attack.
        seed: of its draws.
        batch_size: samples per batch; where memory does not hold one, parts of it go through the
            model, with the same draws.
        bfloat16: let the attack's gradients be taken in bfloat16.

    Returns:
        (n, ...) perturbed inputs, in the precision of ``x``.
    """
    generator = torch.Generator(x.device).manual_seed(seed)
    micro, found = MicroBatch(batch_size), []
    for xb, yb in zip(x.split(batch_size), y.split(batch_size), strict=True):
        drawn = generator.get_state()

        def attempt(size: int, xb: Tensor = xb, yb: Tensor = yb, drawn: Tensor = drawn) -> Tensor:
            generator.set_state(drawn)
            with torch.autocast(x.device.type, torch.bfloat16, enabled=bfloat16):
                return attack(model, xb, yb, generator, micro=size)

        found.append(micro.run(attempt))
    return torch.cat(found)
