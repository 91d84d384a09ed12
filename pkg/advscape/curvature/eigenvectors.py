"""Eigenvectors on disk: safetensors, one row each."""

from pathlib import Path

from torch import Tensor

from advscape.models.state import read_tensors, save_weights


def save_eigenvectors(vectors: Tensor, path: str | Path) -> None:
    """Write eigenvectors (k, dim), of the largest eigenvalue first; k may be 0."""
    save_weights({"vectors": vectors}, path)


def load_eigenvectors(path: str | Path) -> Tensor:
    """Read what :func:`save_eigenvectors` wrote, on the CPU."""
    return read_tensors(path)["vectors"]
