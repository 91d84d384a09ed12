"""Memory layout in which a network is fastest."""

import torch
from torch import Tensor, nn

#: with fewer filters torch 2.15's backward passes of a ResNet write beyond their memory on a CPU
#: (channels last, widths 2 to 6), and the process dies sooner or later
_NARROW = 8


def use_fast_layout(model: nn.Module) -> None:
    """Channels last; on a CPU all but the last stage of a ResNet.

    That stage has many channels on maps of a few pixels, where a CPU's convolutions run at half
    their speed with channels last. The numbers change by rounding only. Networks say that they may
    be laid out so by a class attribute ``any_layout = True``; any other, and so a user's own, stays
    as it is: it may depend on the layout, as ``view`` does.

    Args:
        model: on its device; its weights are laid out again in place.
    """
    if not getattr(type(model), "any_layout", False):
        return
    first = next(model.parameters())
    last = getattr(model, "layer4", None) if first.device.type == "cpu" else None
    if last is not None and len(first) < _NARROW:
        return
    model.to(memory_format=torch.channels_last)
    if last is not None:
        last.to(memory_format=torch.contiguous_format)
        last.register_forward_pre_hook(_contiguous)


def _contiguous(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(value.contiguous() for value in inputs)
