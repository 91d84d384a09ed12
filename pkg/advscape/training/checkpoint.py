"""The state of a training run on disk: whole or not at all, and never a pickle."""

import hashlib
import json
import logging
import os
import time
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from advscape.errors import UserError
from advscape.machine.atomic import replacing
from advscape.models.state import apart, read_tensors

_LOG = logging.getLogger("advscape.training")


class Checkpoint:
    """The last two states of a run, in files beside each other.

    A state is a mapping of tensors and a record of plain values; both are sealed by a digest, and
    where the last state is damaged the one before it is taken.
    """

    def __init__(self, path: str | Path, key: str, every_s: float = 60.0):
        """Name the file and the run.

        Args:
            path: the file of the last state.
            key: what the run is; a state of another key is not taken up.
            every_s: seconds after which a state is due in the middle of an epoch.
        """
        self._path, self._key, self._every_s = Path(path), key, every_s
        self._previous = self._path.with_name(self._path.stem + "-previous" + self._path.suffix)
        self._saved = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether the last state is older than it should be."""
        return time.monotonic() - self._saved >= self._every_s

    def save(self, tensors: dict[str, Tensor], record: dict[str, Any]) -> None:
        """Write a state, and keep the one before it."""
        tensors = apart(tensors)
        sealed = {"key": self._key, "record": record, "digest": _digest(tensors, record)}
        # one key of metadata: the order of several is not fixed in the file
        metadata = {"checkpoint": json.dumps(sealed, sort_keys=True)}
        with replacing(self._path) as temporary:
            save_file(tensors, temporary, metadata=metadata)
            if self._path.exists():
                os.replace(self._path, self._previous)
        self._saved = time.monotonic()

    def load(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """The newest whole state of this run, or None where there is none."""
        for path in (self._path, self._previous):
            if path.is_file():
                state = self._read(path)
                if state is not None:
                    return state
        return None

    def remove(self) -> None:
        """Forget the run, which has ended."""
        self._previous.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)

    def _read(self, path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        try:
            with safe_open(path, framework="pt") as file:
                sealed = json.loads(file.metadata()["checkpoint"])
            tensors = read_tensors(path)
            whole = sealed["digest"] == _digest(tensors, sealed["record"])
            ours = sealed["key"] == self._key
        except (OSError, SafetensorError, KeyError, TypeError, ValueError, UserError):
            whole = ours = False
        if not whole:
            _LOG.warning("checkpoint %s is damaged; going on from the one before it", path)
            return None
        return (tensors, sealed["record"]) if ours else None


def _digest(tensors: dict[str, Tensor], record: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode())
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(_bytes(tensors[name]))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> memoryview:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data
