"""Eigenvectors on disk: safetensors, an entry for each run of the job, a row each."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from advscape.models.state import read_tensors, save_weights


def save_eigenvectors(vectors: Mapping[int, Tensor], path: str | Path) -> None:
    """Write eigenvectors (k, dim) by seed, of the largest eigenvalue first; k may be 0."""
    save_weights({f"seed~{seed}": rows for seed, rows in vectors.items()}, path)


def load_eigenvectors(path: str | Path, seed: int) -> Tensor:
    """Read those of one seed that :func:`save_eigenvectors` wrote, on the CPU."""
    return read_tensors(path)[f"seed~{seed}"]
