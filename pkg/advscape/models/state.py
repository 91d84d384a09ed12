"""A network's weights on disk: safetensors, never a pickle."""

from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from advscape.atomic import replacing


def save_weights(state: dict[str, Tensor], path: str | Path) -> None:
    """Write a model's parameters and buffers, its ``state_dict()``, as safetensors."""
    tensors = {name: value.contiguous().cpu() for name, value in state.items()}
    with replacing(path) as temporary:
        save_file(tensors, temporary)


def load_weights(model: nn.Module, path: str | Path) -> None:
    """Read what :func:`save_weights` wrote into a model of the same shape."""
    model.load_state_dict(read_tensors(path))


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file, on the CPU."""
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
