"""The models of one seed, over epsilons and noise arms: as a file, and as a store of solved cells.

A job solves all cells of a seed, since starting a process costs more than solving one. Its store
keeps each solved cell under a key of all that the cell depends on, so that a larger grid, or a
job that was killed, solves only what is missing.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from advscape.linear.robust_loss import LinearModel
from advscape.machine.atomic import replacing

#: what a run is trained with
Arm = Literal["aligned", "random", "opposed"]


class Cell(NamedTuple):
    """One run of a linear experiment's seed."""

    noise: Arm
    epsilon: float


def cells(cell: dict[str, Any]) -> Iterator[Cell]:
    """All runs of a job, arm by arm in the order of the config."""
    for noise in cell["noise"]:
        for epsilon in cell["epsilons"]:
            yield Cell(noise, float(epsilon))


def save_path(path: str | Path, models: dict[Cell, LinearModel]) -> None:
    """Write the models of all cells as one safetensors file."""
    tensors = {}
    for cell, model in models.items():
        tensors[f"{cell.noise}/{cell.epsilon!r}/weight"] = model.w[None, :]
        tensors[f"{cell.noise}/{cell.epsilon!r}/bias"] = np.array([model.b])
    with replacing(path) as temporary:
        save_file(tensors, temporary)


def load_path(path: str | Path) -> dict[Cell, LinearModel]:
    """Read what :func:`save_path` wrote."""
    models = {}
    with safe_open(path, framework="np") as file:
        for name in file.keys():  # noqa: SIM118
            noise, epsilon, kind = name.split("/")
            if kind == "weight":
                bias = file.get_tensor(f"{noise}/{epsilon}/bias")
                model = LinearModel(file.get_tensor(name)[0], float(bias[0]))
                models[Cell(noise, float(epsilon))] = model
    return models


class CellStore:
    """A folder of solved cells, one small file each, named by the cell's key."""

    def __init__(self, folder: str | Path):
        """Use a folder; it is made when the first cell is kept."""
        self._folder = Path(folder)

    def get(self, key: str) -> tuple[LinearModel, dict[str, Any]] | None:
        """Line and facts of a cell, or None where it is not there or cannot be read."""
        try:
            with safe_open(self._file(key), framework="np") as file:
                model = LinearModel(file.get_tensor("weight"), float(file.get_tensor("bias")[0]))
                facts: dict[str, Any] = json.loads(file.metadata()["facts"])
                return model, facts
        except (OSError, SafetensorError):
            return None

    def put(self, key: str, model: LinearModel, facts: dict[str, Any]) -> None:
        """Keep a solved cell."""
        with replacing(self._file(key)) as temporary:
            save_file(
                {"weight": model.w, "bias": np.array([model.b])},
                temporary,
                metadata={"facts": json.dumps(facts, sort_keys=True)},
            )

    def prune(self, keys: set[str]) -> None:
        """Drop all cells but these."""
        for file in self._folder.glob("*.safetensors"):
            if file.stem not in keys:
                file.unlink()

    def _file(self, key: str) -> Path:
        return self._folder / f"{key}.safetensors"
