"""Networks of torchvision, by the names of their architectures."""

from typing import Any

from torch import nn
from torchvision import models

from advscape.errors import UserError
from advscape.models.architectures import one_of

#: while they train, they give the logits of auxiliary heads too, unless they are told otherwise
_WITH_AUXILIARY_LOGITS = ("googlenet", "inception_v3")


def torchvision_model(
    classes: int, shape: tuple[int, ...], architecture: str, options: dict[str, Any]
) -> nn.Module:
    """A classification network of ``torchvision.models``, with torchvision's initial weights.

    torchvision's networks take 3 channels. For another number of them the first convolution takes
    that many: its weights are drawn from a normal distribution as wide as that of torchvision's,
    and everything else stays as it is.

    Args:
        classes: number of logits.
        shape: (channels, height, width) of an input.
        architecture: name of the network in torchvision.
        options: further keyword arguments of its function. Unless ``aux_logits`` is among them,
            GoogLeNet and Inception v3 are made without auxiliary heads.

    Raises:
        UserError: there is no such network, or it cannot take so many channels.
    """
    names = models.list_models(module=models)
    if architecture not in names:
        raise UserError(
            f"got the architecture {architecture!r}; allowed: {one_of(names, architecture)}"
        )
    if architecture in _WITH_AUXILIARY_LOGITS:
        options = {"aux_logits": False, **options}
    model: nn.Module = models.get_model(architecture, weights=None, num_classes=classes, **options)
    if shape[0] != 3:
        take_channels(model, shape[0])
    return model


def take_channels(model: nn.Module, channels: int) -> None:
    """Let a network that takes images of 3 channels take another number of them.

    Args:
        model: the network; its first convolution is changed in place.
        channels: of the images.

    Raises:
        UserError: there is no convolution, or the first one takes something else.
    """
    first = next((module for module in model.modules() if isinstance(module, nn.Conv2d)), None)
    if first is None or first.in_channels != 3:
        raise UserError(
            f"got images of {channels} channels; allowed: 3, since the network does not begin "
            "with a Conv2d from 3 channels, which another could replace"
        )
    before = first.weight.detach()
    after = before.new_empty(len(before), channels, *first.kernel_size)
    first.weight = nn.Parameter(nn.init.normal_(after, std=float(before.std())))
    first.in_channels = channels
