"""Memory layout in which a network is fastest."""

import torch
from torch import Tensor, nn

from advscape.models.cnn import SmallCNN
from advscape.models.preact import PreActResNet18
from advscape.models.resnet import SmallImageResNet18

#: channels below which no convolution is run with channels last
_NARROW = 8


def use_fast_layout(model: nn.Module) -> None:
    """Channels last; on a CPU all but the last stage of a ResNet.

    That stage has many channels on maps of a few pixels, where a CPU's convolutions run at half
    their speed with channels last. The numbers change by rounding only. A network of the user's
    own stays as it is: it may depend on the layout, as ``view`` does.

    Args:
        model: on its device; its weights are laid out anew in place.
    """
    if not isinstance(model, SmallImageResNet18 | PreActResNet18 | SmallCNN) or _too_narrow(model):
        return
    model.to(memory_format=torch.channels_last)
    if hasattr(model, "layer4") and next(model.parameters()).device.type == "cpu":
        model.layer4.to(memory_format=torch.contiguous_format)
        model.layer4.register_forward_pre_hook(_contiguous)


def _too_narrow(model: nn.Module) -> bool:
    """Whether oneDNN would write outside of its memory: on some CPUs torch 2.15 crashes in the
    backward pass of a 1x1 convolution with stride of fewer than 7 channels, channels last.
    """
    strided = (m for m in model.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1))
    return any(convolution.in_channels < _NARROW for convolution in strided)


def _contiguous(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(value.contiguous() for value in inputs)
