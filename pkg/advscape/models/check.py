"""A batch goes through a new network before hours of training do."""

import math

import torch
from torch import Tensor, nn

from advscape.attacks.untouched import untouched
from advscape.errors import UserError

_BATCH = 2


def check_model(model: nn.Module, classes: int, shape: tuple[int, ...]) -> None:
    """Run two images through a network in eval mode; modes and statistics stay as they were.

    Args:
        model: the network, on the CPU.
        classes: number of logits.
        shape: (channels, height, width) of an input.

    Raises:
        UserError: layers share weights, or the logits are not (n, classes) finite numbers.
        Exception: whatever the network raises.
    """
    names: dict[int, str] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if id(parameter) in names:  # safetensors files hold no tensor twice
            raise UserError(f"{names[id(parameter)]} and {name} are one tensor; allowed: one each")
        names[id(parameter)] = name
    # every pixel another value: on a constant image a network may normalise 0 by 0
    x = torch.linspace(0, 1, _BATCH * math.prod(shape)).view(_BATCH, *shape)
    with untouched(model), torch.no_grad():
        logits = model(x)
    if not isinstance(logits, Tensor):
        raise UserError(f"its output is a {type(logits).__name__}; allowed: a tensor of logits")
    if logits.shape != (_BATCH, classes):
        raise UserError(
            f"its output for inputs {tuple(x.shape)} is {tuple(logits.shape)}; "
            f"allowed: {(_BATCH, classes)}, one logit per class"
        )
    if not logits.isfinite().all():
        raise UserError("its output is not finite at its initial weights; allowed: finite logits")
