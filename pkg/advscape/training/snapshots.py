"""Weights that are kept while a run goes on, each in a file of its own."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from torch import Tensor

from advscape.models.state import save_weights


class Snapshots:
    """The weights after some epochs, in a folder; all but the finished run is hidden there.

    A run that goes on from a checkpoint finds those of the epochs before it; one that begins anew
    makes them anew.
    """

    def __init__(self, folder: str | Path, epochs: Iterable[int] = ()):
        """Name the folder of the finished run, and the epochs, counted from 1."""
        self.folder, self.epochs = Path(folder), frozenset(epochs)
        self._kept = self.folder.with_name(f".{self.folder.name}")

    def clear(self) -> None:
        """Forget what another run left."""
        shutil.rmtree(self._kept, ignore_errors=True)

    def lacks(self, epoch: int) -> bool:
        """Whether one of an epoch up to this one is not there, as where they were not asked for."""
        return any(not self._file(e).is_file() for e in self.epochs if e <= epoch)

    def keep(self, epoch: int, state: dict[str, Tensor]) -> None:
        """Keep the weights after an epoch, where they are asked for."""
        if epoch in self.epochs:
            save_weights(state, self._file(epoch))

    def finish(self, others: dict[str, dict[str, Tensor]]) -> None:
        """Put the folder in its place.

        Args:
            others: further states by name; empty ones are left out.
        """
        self._kept.mkdir(parents=True, exist_ok=True)
        for name, state in others.items():
            if state:
                save_weights(state, self._kept / f"{name}.safetensors")
        shutil.rmtree(self.folder, ignore_errors=True)
        self._kept.rename(self.folder)

    def _file(self, epoch: int) -> Path:
        return self._kept / f"{snapshot_name(epoch)}.safetensors"


def snapshot_name(epoch: int) -> str:
    """Name of a snapshot's file, without its suffix."""
    return f"epoch~{epoch}"
