"""Adversarial training of a network by SGD (Madry et al. 2018, arXiv 1706.06083)."""

import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from advscape.attacks.pgd import PGD
from advscape.errors import UserError
from advscape.losses import correct, sample_losses
from advscape.progress import track
from advscape.seeds import stream
from advscape.training.checkpoint import load_checkpoint, save_checkpoint

_LOG = logging.getLogger("advscape.training")


@dataclass(frozen=True)
class Schedule:
    """SGD with a cyclic learning rate, as Wong et al. 2020 (arXiv 2001.03994) train."""

    epochs: int
    batch_size: int
    learning_rate: float
    momentum: float
    weight_decay: float


@dataclass(frozen=True)
class Checkpoint:
    """Where a run keeps its state, and the key under which it may be resumed."""

    path: Path
    key: str


def train(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    attack: PGD,
    schedule: Schedule,
    seed: int,
    precision: torch.dtype,
    checkpoint: Checkpoint,
) -> list[dict[str, float]]:
    """Train in place, resuming from the checkpoint where there is one.

    Args:
        model: on the device of ``x``.
        x: (n, channels, h, w) training inputs, resident on the device.
        y: (n,) labels.
        attack: makes the noise of each batch, with the batch's own normalisation statistics.
        schedule: of SGD.
        seed: of data order and attack.
        precision: torch.float32, or torch.bfloat16 for autocast.
        checkpoint: written after every epoch, removed at the end.

    Returns:
        One record per epoch: epoch, loss and robust accuracy (running averages over the training
        batches), learning_rate, images_per_s.

    Raises:
        UserError: the loss is not finite any more.
    """
    loop = _Loop(model, x, y, attack, schedule, seed, precision)
    history = loop.resume(checkpoint)
    left = range(len(history), schedule.epochs)
    for epoch in track(left, len(left), "training"):
        record = loop.epoch(epoch)
        if not math.isfinite(record["loss"]):
            raise UserError(
                f"training: the loss is {record['loss']} in epoch {epoch + 1}; "
                "lower training.learning_rate"
            )
        history.append(record)
        _LOG.info(
            "epoch %d of %d: loss %.4f, robust accuracy %.4f, %.0f images/s",
            epoch + 1, schedule.epochs, record["loss"], record["accuracy"],
            record["images_per_s"],
        )  # fmt: skip
        loop.save(checkpoint, history)
    checkpoint.path.unlink(missing_ok=True)
    return history


class _Loop:
    """Model, optimiser and random streams of one run."""

    def __init__(
        self,
        model: nn.Module,
        x: Tensor,
        y: Tensor,
        attack: PGD,
        schedule: Schedule,
        seed: int,
        precision: torch.dtype,
    ):
        self.model, self.x, self.y = model, x, y
        self.attack, self.schedule, self.precision = attack, schedule, precision
        self.optimizer = torch.optim.SGD(
            model.parameters(),
            lr=schedule.learning_rate,
            momentum=schedule.momentum,
            weight_decay=schedule.weight_decay,
        )
        self.batches = math.ceil(len(y) / schedule.batch_size)
        self.generators = {
            "order": torch.Generator().manual_seed(stream(seed, "order")),
            "attack": torch.Generator(x.device).manual_seed(stream(seed, "training attack")),
        }

    def _rate(self, step: int) -> float:
        """Linear from 0 to the peak at 40 % of all steps, and back to 0."""
        done = (step + 1) / (self.schedule.epochs * self.batches + 1)
        return self.schedule.learning_rate * float(np.interp(done, [0, 0.4, 1], [0, 1, 0]))

    def resume(self, checkpoint: Checkpoint) -> list[dict[str, float]]:
        history = load_checkpoint(
            checkpoint.path, checkpoint.key, self.model, self.optimizer, self.generators
        )
        if history:
            _LOG.info("resuming after epoch %d", len(history))
        return history or []

    def save(self, checkpoint: Checkpoint, history: list[dict[str, float]]) -> None:
        save_checkpoint(
            checkpoint.path, checkpoint.key, self.model, self.optimizer, self.generators, history
        )

    def epoch(self, epoch: int) -> dict[str, float]:
        started = time.monotonic()
        self.model.train()
        loss_sum = torch.zeros((), device=self.x.device)
        correct_sum = torch.zeros((), device=self.x.device)
        order = torch.randperm(len(self.y), generator=self.generators["order"])
        for i, chosen in enumerate(order.to(self.x.device).split(self.schedule.batch_size)):
            rate = self._rate(epoch * self.batches + i)
            loss, right = self._step(self.x[chosen], self.y[chosen], rate)
            loss_sum += loss
            correct_sum += right
        n = len(self.y)
        return {
            "epoch": epoch + 1,
            "loss": loss_sum.item() / n,
            "accuracy": correct_sum.item() / n,
            "learning_rate": rate,
            "images_per_s": n / (time.monotonic() - started),
        }

    def _step(self, x: Tensor, y: Tensor, rate: float) -> tuple[Tensor, Tensor]:
        autocast = self.precision != torch.float32
        with torch.autocast(x.device.type, torch.bfloat16, enabled=autocast):
            perturbed = self.attack(self.model, x, y, self.generators["attack"], batch_norm="train")
            outputs = self.model(perturbed)
        losses = sample_losses(outputs.float(), y)
        self.optimizer.zero_grad()
        losses.mean().backward()
        self.optimizer.param_groups[0]["lr"] = rate
        self.optimizer.step()
        return losses.detach().sum(), correct(outputs, y).sum()
