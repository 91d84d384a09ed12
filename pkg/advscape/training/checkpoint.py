"""The state of a training run on disk: whole or not at all, and never a pickle."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from advscape.atomic import replacing
from advscape.models.state import read_tensors


def save_checkpoint(
    path: str | Path,
    key: str,
    model: nn.Module,
    optimizer: torch.optim.SGD,
    generators: dict[str, torch.Generator],
    history: list[dict[str, float]],
) -> None:
    """Write all that the next epoch depends on.

    Args:
        path: the file.
        key: what the run is; a checkpoint of another key is not resumed from.
        model: weights and batch-norm statistics.
        optimizer: SGD, its momentum buffers.
        generators: random streams of data order and attack.
        history: one record per finished epoch.
    """
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for i, parameter in enumerate(optimizer.param_groups[0]["params"]):
        buffer = optimizer.state[parameter].get("momentum_buffer")
        if buffer is not None:
            tensors[f"momentum.{i}"] = buffer
    for name, generator in generators.items():
        tensors[f"generator.{name}"] = generator.get_state()
    tensors = {name: value.contiguous().cpu() for name, value in tensors.items()}
    record = json.dumps({"key": key, "history": history}, sort_keys=True)
    with replacing(path) as temporary:
        save_file(tensors, temporary, metadata={"checkpoint": record})


def load_checkpoint(
    path: str | Path,
    key: str,
    model: nn.Module,
    optimizer: torch.optim.SGD,
    generators: dict[str, torch.Generator],
) -> list[dict[str, float]] | None:
    """Take up a run where :func:`save_checkpoint` left it.

    Returns:
        The history of the finished epochs, or None where there is no readable checkpoint of this
        key; nothing is changed then.
    """
    record = _record(path)
    if record is None or record["key"] != key:
        return None
    tensors = read_tensors(path)
    model.load_state_dict(_under("model.", tensors))
    momentum = _under("momentum.", tensors)
    for i, parameter in enumerate(optimizer.param_groups[0]["params"]):
        if str(i) in momentum:
            optimizer.state[parameter]["momentum_buffer"] = momentum[str(i)].to(parameter.device)
    for name, generator in generators.items():
        generator.set_state(tensors[f"generator.{name}"])
    return record["history"]


def _record(path: str | Path) -> dict | None:
    if not Path(path).is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            return json.loads(file.metadata()["checkpoint"])
    except (SafetensorError, KeyError, TypeError, ValueError):
        return None


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
