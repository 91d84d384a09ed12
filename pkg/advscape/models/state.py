"""A network's weights on disk: safetensors, never a pickle."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from advscape.errors import UserError
from advscape.machine.atomic import replacing


def save_weights(
    state: dict[str, Tensor], path: str | Path, metadata: dict[str, str] | None = None
) -> None:
    """Write a model's parameters and buffers, its ``state_dict()``, as safetensors.

    Args:
        state: the tensors by name.
        path: of the file.
        metadata: at most one entry: the order of several is not fixed in the file.
    """
    with replacing(path) as temporary:
        save_file(apart(state), temporary, metadata=metadata)


def read_metadata(path: str | Path) -> dict[str, str]:
    """What a file of weights says of itself.

    Raises:
        UserError: it is no such file.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (OSError, SafetensorError) as error:
        text = " ".join(str(error).split())
        raise UserError(f"{path} cannot be read as safetensors: {text}") from error


def apart(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors on the CPU, each in memory of its own, as safetensors files hold them.

    A buffer that two branches of a network share has two names and is kept twice.
    """
    places: set[int] = set()
    tensors = {}
    for name, value in state.items():
        value = value.detach().contiguous().cpu()
        if value.untyped_storage().data_ptr() in places:
            value = value.clone()
        places.add(value.untyped_storage().data_ptr())
        tensors[name] = value
    return tensors


def load_weights(model: nn.Module, path: str | Path) -> None:
    """Read what :func:`save_weights` wrote into a model of the same shape.

    Raises:
        UserError: the file is damaged, or holds another network's weights.
    """
    tensors = read_tensors(path)
    try:
        model.load_state_dict(tensors)
    except (RuntimeError, TypeError) as error:
        text = " ".join(str(error).split())
        raise UserError(f"{path} does not hold this network's weights: {text}") from error


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file, on the CPU.

    Raises:
        UserError: it is no such file, or is damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError, KeyError, RuntimeError) as error:
        text = " ".join(str(error).split())
        raise UserError(f"{path} cannot be read as safetensors: {text}") from error


def weight_norm(model: nn.Module) -> float:
    """Euclidean norm of all parameters together."""
    squares = [parameter.detach().double().square().sum() for parameter in model.parameters()]
    return float(torch.stack(squares).sum().sqrt())
