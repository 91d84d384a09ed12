"""What runs of an experiment have in common but for their seed, and how their folder says it."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from advscape.study.config.grid import token


@dataclass(frozen=True)
class Cell:
    """A cell of an experiment: its runs differ in their seeds alone.

    Attributes:
        epsilon: radius of the threat model in training; None where it is not known.
        epoch: of a network that is already trained: epochs that it was trained for, if known.
        label: of such a network, its user's own name for it, if any.
    """

    epsilon: float | None
    epoch: int | None = None
    label: str | None = None

    @property
    def name(self) -> str:
        """The cell's folder.

        >>> Cell(0.5).name, Cell(0.5, 10, "TRADES").name, Cell(None, label="a b").name
        ('eps~0.5', 'eps~0.5,epoch~10,label~TRADES', 'label~a-b-c8687a')
        """
        parts = {
            "eps": None if self.epsilon is None else token(self.epsilon),
            "epoch": self.epoch,
            "label": None if self.label is None else _plain(self.label),
        }
        named = [f"{key}~{value}" for key, value in parts.items() if value is not None]
        return ",".join(named) or "eps~unknown"

    @property
    def columns(self) -> dict[str, Any]:
        """Of the key columns those that only a network already trained has."""
        columns = {"label": self.label, "epoch": self.epoch}
        return {name: value for name, value in columns.items() if value is not None}


def values_in(name: str) -> dict[str, str]:
    """What a cell's folder says of it, for people: its epsilon, epoch and label."""
    parts = dict(part.partition("~")[::2] for part in name.split(","))
    return {"epsilon": parts.get("eps", ""), "epoch": parts.get("epoch", ""),
            "label": parts.get("label", "")}  # fmt: skip


def _plain(label: str) -> str:
    """A label in letters that file systems and Snakemake find no meaning in."""
    if re.fullmatch("[A-Za-z0-9_-]{1,40}", label):
        return label
    digest = hashlib.sha256(label.encode()).hexdigest()[:6]
    return f"{re.sub('[^A-Za-z0-9_]+', '-', label)[:40].strip('-')}-{digest}"
