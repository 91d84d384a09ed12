"""Normalisation of inputs as a part of the network, so that epsilon stays in pixels of [0, 1]."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from advscape.errors import UserError


@dataclass(frozen=True)
class Normalisation:
    """What a network was trained behind: (x - mean) / std, channel by channel.

    Attributes:
        mean: one for each channel, in pixels of [0, 1].
        std: one for each channel.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]


def normalise_inputs(
    model: nn.Module, normalisation: Normalisation, shape: tuple[int, ...]
) -> None:
    """Let a network normalise its inputs. The names of its weights and its state stay.

    Args:
        model: the network; it is changed in place.
        normalisation: of its inputs.
        shape: (channels, height, width) of an input.

    Raises:
        UserError: there are not as many means as channels.
    """
    channels = shape[0]
    if len(normalisation.mean) != channels:
        raise UserError(
            f"normalise has {len(normalisation.mean)} means for inputs of {channels} channels; "
            f"allowed: {channels}"
        )
    dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)
    for name, values in (("mean", normalisation.mean), ("std", normalisation.std)):
        # with the network from device to device, and not in its state
        value = torch.tensor(values, dtype=dtype).view(-1, 1, 1)
        model.register_buffer(f"normalise_{name}", value, persistent=False)
    # before hooks of its own, which expect what it was trained with
    model.register_forward_pre_hook(_normalised, with_kwargs=True, prepend=True)


def _normalised(
    model: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    mean, std = (model.get_buffer(f"normalise_{name}") for name in ("mean", "std"))

    def normalised(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        return (value - mean) / std

    return tuple(map(normalised, inputs)), {n: normalised(value) for n, value in named.items()}
