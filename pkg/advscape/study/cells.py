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
        epoch: epochs behind weights that are told by them: of a snapshot, or of a network that is
            already trained, if known.
        label: of such a network, its user's own name for it, if any.
        variant: the training's name, where an experiment has several.
        checkpoint: which of a run's weights: last, best, averaged or snapshot.
        after: epochs behind the last or the averaged weights, where there are snapshots beside
            them.
    """

    epsilon: float | None
    epoch: int | None = None
    label: str | None = None
    variant: str | None = None
    checkpoint: str = "last"
    after: int | None = None

    @property
    def name(self) -> str:
        """The cell's folder.

        >>> Cell(0.5).name, Cell(0.5, 10, "TRADES").name, Cell(None, label="a b").name
        ('eps~0.5', 'eps~0.5,epoch~10,label~TRADES', 'label~a-b-c8687a')
        >>> Cell(0.5, 10, variant="awp", checkpoint="snapshot").name
        'eps~0.5,variant~awp,epoch~10'
        >>> Cell(1, checkpoint="best").name
        'eps~1,checkpoint~best'
        """
        kept = self.checkpoint if self.checkpoint in ("best", "averaged") else None
        parts = {
            "eps": None if self.epsilon is None else token(self.epsilon),
            "variant": self.variant,
            "checkpoint": kept,
            "epoch": self.epoch,
            "label": None if self.label is None else _plain(self.label),
        }
        named = [f"{key}~{value}" for key, value in parts.items() if value is not None]
        return ",".join(named) or "eps~unknown"

    @property
    def trained(self) -> "Cell":
        """The cell of the training that these weights come from."""
        return Cell(self.epsilon, variant=self.variant)

    @property
    def file(self) -> str:
        """The weights in the training's folder, or the folder there that has them."""
        return {"last": "weights.safetensors", "best": "best.safetensors"}.get(
            self.checkpoint, "checkpoints"
        )

    @property
    def columns(self) -> dict[str, Any]:
        """Of the key columns those that not every network has."""
        columns = {
            "label": self.label,
            "epoch": self.after if self.epoch is None else self.epoch,
            "variant": self.variant,
            "checkpoint": None if self.checkpoint == "last" else self.checkpoint,
        }
        return {name: value for name, value in columns.items() if value is not None}


def values_in(name: str) -> dict[str, str]:
    """What a cell's folder says of it, for people."""
    parts = dict(part.partition("~")[::2] for part in name.split(","))
    others = {key: parts.get(key, "") for key in ("variant", "checkpoint", "epoch", "label")}
    return {"epsilon": parts.get("eps", "")} | others


def _plain(label: str) -> str:
    """A label in letters that file systems and Snakemake find no meaning in."""
    if re.fullmatch("[A-Za-z0-9_-]{1,40}", label):
        return label
    digest = hashlib.sha256(label.encode()).hexdigest()[:6]
    return f"{re.sub('[^A-Za-z0-9_]+', '-', label)[:40].strip('-')}-{digest}"
