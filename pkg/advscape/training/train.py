"""Adversarial training of a network by SGD."""

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from advscape.errors import UserError
from advscape.losses import correct
from advscape.machine.device import tf32
from advscape.machine.memory import MicroBatch
from advscape.machine.progress import track
from advscape.models.restored import restored, trained
from advscape.models.state import weight_norm
from advscape.seeds import stream
from advscape.training.augment import Augmentation
from advscape.training.average import Average, estimate_statistics
from advscape.training.batches import count_batches
from advscape.training.checkpoint import Checkpoint
from advscape.training.diagnose import State, copied, why_not_finite
from advscape.training.monitor import Monitor
from advscape.training.objectives import Objective
from advscape.training.random_state import random_states, restore, seeded
from advscape.training.snapshots import Snapshots
from advscape.training.updates import Descent

_LOG = logging.getLogger("advscape.training")


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes:
        epochs: passes over the samples.
        batch_size: samples per step; the last of an epoch may be short, or one more, see
            :func:`advscape.training.batches.count_batches`.
        learning_rate: at its peak.
        course: share of the peak, of a step counted from 0 and the number of all steps.
        objective: perturbs a batch and says what its loss is.
        update: moves the weights.
        augmentation: changes the inputs first.
        bfloat16: autocast to bfloat16.
        tf32: let a GPU's float32 be TF32.
        average: of the weights that the run passes; it changes none of them.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    course: Callable[[int, int], float]
    objective: Objective
    update: Descent
    augmentation: Augmentation = field(default_factory=Augmentation)
    bfloat16: bool = False
    tf32: bool = False
    average: Average | None = None


@dataclass(frozen=True)
class Trained:
    """What training leaves beside the model, which has the weights of the last epoch.

    Attributes:
        history: one record per epoch: epoch, loss and accuracy (running averages over the
            attacked training batches), learning_rate, weight_norm, images_per_s, and what the
            monitor found.
        best_epoch: with the highest validation accuracy, the first of several; None without
            validation samples.
        best: the state of the model after it; empty without validation samples.
        averaged: the state of the model with the recipe's average, batch norm's statistics
            estimated again on attacked training samples; empty without an average.
    """

    history: list[dict[str, float]]
    best_epoch: int | None
    best: dict[str, Tensor]
    averaged: dict[str, Tensor]


def train(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    recipe: Recipe,
    seed: int,
    checkpoint: Checkpoint,
    monitor: Monitor | None = None,
    snapshots: Snapshots | None = None,
) -> Trained:
    """Train in place, going on from the checkpoint where there is one.

    Args:
        model: on the device of ``x``.
        x: (n, channels, h, w) training inputs in [0, 1], resident on the device.
        y: (n,) labels.
        recipe: how.
        seed: of data order, augmentation, attack and the global random states.
        checkpoint: written after every epoch and when it is due; whoever has written the outcome
            removes it.
        monitor: measurements between epochs; its split "validation" chooses the best one.
        snapshots: weights that are kept after some epochs.

    Raises:
        UserError: the loss is not finite any more; the device's memory does not suffice; there is
            nothing to train; batch norm gets single samples.
    """
    if not trained(model):
        raise UserError("model: nothing to train, all its parameters have requires_grad False")
    with seeded(stream(seed, "global")):
        loop = Loop(model, x, y, recipe, seed, monitor)
        start = _begun(loop, checkpoint, snapshots)
        for _ in track(range(loop.step, loop.steps), loop.steps - loop.step, "training"):
            loop.batch()
            ended = loop.step % loop.batches == 0
            if not ended and not checkpoint.due:
                continue
            if ended:
                recipe.update.end_epoch()
            if not loop.is_finite():
                raise UserError(why_not_finite(loop, checkpoint.load() or start))
            if ended:
                loop.end_epoch()
                if snapshots:  # before the checkpoint: a run that goes on from it has them
                    snapshots.keep(loop.step // loop.batches, model.state_dict())
            checkpoint.save(*loop.state())
        averaged = loop.averaged()
    return Trained(loop.history, loop.best_epoch, loop.best, averaged)


def _begun(loop: "Loop", checkpoint: Checkpoint, snapshots: Snapshots | None) -> State:
    """Take a run up where it was left, or begin it; the state that it goes on from."""
    state = checkpoint.load()
    if state is not None and snapshots and snapshots.lacks(state[1]["step"] // loop.batches):
        _LOG.info("beginning again: a snapshot of an epoch before the checkpoint is missing")
        state = None
    if state is None and snapshots:
        snapshots.clear()
    if state is not None:
        loop.load(*state)
        _LOG.info("resuming after step %d of %d", loop.step, loop.steps)
    return copied(state or loop.state())


class Batch(NamedTuple):
    """Samples of one step: inputs and labels, and their places (m,) among all samples."""

    x: Tensor
    y: Tensor
    places: Tensor


class Loop:
    """A run between two steps: all that the next one depends on."""

    def __init__(
        self,
        model: nn.Module,
        x: Tensor,
        y: Tensor,
        recipe: Recipe,
        seed: int,
        monitor: Monitor | None,
    ):
        self.model, self.x, self.y, self.recipe, self.monitor = model, x, y, recipe, monitor
        self.seed = seed
        self.batches = count_batches(model, x, recipe.batch_size)
        self.steps = recipe.epochs * self.batches
        self.step, self.seconds = 0, 0.0
        self.order = torch.arange(len(y))
        self.sums = torch.zeros(2, device=x.device)
        self.history: list[dict[str, float]] = []
        self.best_epoch: int | None = None
        self.best: dict[str, Tensor] = {}
        # with batch norm the statistics, and so the loss, are those of the whole batch
        self.whole = any(isinstance(module, _BatchNorm) for module in model.modules())
        self.micro = MicroBatch(recipe.batch_size)
        self.generators = {
            "order": torch.Generator().manual_seed(stream(seed, "order")),
            "augmentation": torch.Generator(x.device).manual_seed(stream(seed, "augmentation")),
            "attack": torch.Generator(x.device).manual_seed(stream(seed, "training attack")),
        }

    def batch(self) -> None:
        """One step.

        Raises:
            UserError: memory does not suffice.
        """
        started, recipe = time.monotonic(), self.recipe
        batch, epoch = self.draw(), self.step // self.batches
        rate = recipe.learning_rate * recipe.course(self.step, self.steps)
        self.model.train()
        before = self.generators["attack"].get_state()

        def attempt(micro: int | None) -> tuple[Tensor, Tensor]:
            self.generators["attack"].set_state(before)
            return self._move(batch.x, batch.y, rate, epoch, micro)

        try:
            with tf32() if recipe.tf32 else nullcontext():
                self.sums += torch.stack(attempt(None) if self.whole else self.micro.run(attempt))
        except torch.OutOfMemoryError:
            raise UserError(
                "training: out of memory; batch norm sees the whole batch at once, so lower "
                f"training.batch_size (now {recipe.batch_size})"
            ) from None
        if recipe.average is not None:
            recipe.average.step(recipe.update.parameters)
        self.step += 1
        self.seconds += time.monotonic() - started

    def draw(self) -> Batch:
        """The next step's samples, augmented."""
        i = self.step % self.batches
        if i == 0:
            self.order = torch.randperm(len(self.y), generator=self.generators["order"])
        chosen = self.order[self._batch(i)].to(self.x.device)
        x = self.recipe.augmentation(self.x[chosen], self.generators["augmentation"])
        return Batch(x, self.y[chosen], chosen)

    def _batch(self, i: int) -> slice:
        """Places of an epoch's batch i; a lone sample joins the last one."""
        size = self.recipe.batch_size
        return slice(i * size, (i + 1) * size if i + 1 < self.batches else None)

    def cast(self) -> AbstractContextManager[None]:
        """The precision of training."""
        return torch.autocast(self.x.device.type, torch.bfloat16, enabled=self.recipe.bfloat16)

    def _move(
        self, x: Tensor, y: Tensor, rate: float, epoch: int, micro: int | None
    ) -> tuple[Tensor, Tensor]:
        """Attack a batch and step; sums of its losses and of its right answers."""
        recipe = self.recipe
        with self.cast():
            perturbed = recipe.objective.perturb(self.model, x, y, self.generators["attack"], micro)

        def gradient() -> tuple[Tensor, Tensor]:
            self.model.zero_grad()
            total, right = torch.zeros_like(self.sums)
            parts = [tensor.split(micro or len(y)) for tensor in (x, perturbed, y)]
            for part in zip(*parts, strict=True):
                with self.cast():
                    losses, outputs = recipe.objective.losses(self.model, *part)
                if not losses.requires_grad:
                    raise UserError("model: its loss depends on no parameter that is trained")
                (losses.sum() / len(y)).backward()
                total += losses.detach().sum()
                right += correct(outputs, part[2]).sum()
            return total, right

        return recipe.update.step(gradient, rate, epoch)

    def is_finite(self) -> bool:
        """Whether the losses of the epoch so far and the weights are finite."""
        started = time.monotonic()
        parameters = self.recipe.update.parameters
        weights = torch.stack([parameter.detach().abs().sum() for parameter in parameters])
        finite = bool(self.sums.isfinite().all() and weights.isfinite().all())
        self.seconds += time.monotonic() - started  # the device was waited for
        return finite

    def end_epoch(self) -> None:
        """Put the epoch into the history, measure, and look whether it is the best."""
        epoch, n = self.step // self.batches, len(self.y)
        loss, right = self.sums.tolist()
        rate = self.recipe.course(self.step - 1, self.steps) * self.recipe.learning_rate
        record = {
            "epoch": epoch,
            "loss": loss / n,
            "accuracy": right / n,
            "learning_rate": rate,
            "weight_norm": weight_norm(self.model),
            "images_per_s": n / self.seconds,
        }
        if self.recipe.average is not None:
            self.recipe.average.end_epoch(self.recipe.update.parameters, epoch, self.recipe.epochs)
        if self.monitor is not None and self.monitor.is_due(epoch - 1, self.recipe.epochs):
            record |= self.monitor.measure(self.model)
            self._keep_best(record)
        self.history.append(record)
        _LOG.info("epoch %d of %d: %s", epoch, self.recipe.epochs, _in_words(record))
        self.sums.zero_()
        self.seconds = 0.0

    def _keep_best(self, record: dict[str, float]) -> None:
        accuracy = record.get("validation_accuracy", -math.inf)
        known = [past.get("validation_accuracy", -math.inf) for past in self.history]
        if accuracy > max(known, default=-math.inf):
            self.best_epoch = int(record["epoch"])
            self.best = {name: value.clone() for name, value in self.model.state_dict().items()}

    def averaged(self) -> dict[str, Tensor]:
        """State of the model at the average of its weights; empty without one."""
        average = self.recipe.average
        if average is None:
            return {}
        with restored([*self.model.parameters(), *self.model.buffers()]):
            with torch.no_grad():
                for parameter, mean in zip(self.model.parameters(), average.means, strict=True):
                    parameter.copy_(mean)
            estimate_statistics(self.model, self._attacked)
            return {name: value.clone() for name, value in self.model.state_dict().items()}

    def _attacked(self) -> Iterator[Tensor]:
        """All training samples as a step gives them to the network, at the weights as they are."""
        device = self.x.device
        streams = ("augmentation", "attack")
        augmentation, attack = (
            torch.Generator(device).manual_seed(stream(self.seed, f"{use}, averaged weights"))
            for use in streams
        )
        for i in range(self.batches):
            part = self._batch(i)
            x = self.recipe.augmentation(self.x[part], augmentation)
            with self.cast():
                yield self.recipe.objective.perturb(self.model, x, self.y[part], attack, None)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Tensors and plain values that the run goes on from."""
        groups = {
            "model": self.model.state_dict(),
            "best": self.best,
            "update": self.recipe.update.state(),
            "average": {} if self.recipe.average is None else self.recipe.average.state(),
            "generator": {name: g.get_state() for name, g in self._generators().items()},
            "global": random_states(),
            "loop": {"order": self.order, "sums": self.sums},
        }
        tensors = {f"{group}/{name}": value for group, found in groups.items()
                   for name, value in found.items()}  # fmt: skip
        record = {
            "step": self.step,
            "seconds": self.seconds,
            "history": self.history,
            "best_epoch": self.best_epoch,
            "micro": self.micro.size,
        }
        return tensors, record

    def load(self, tensors: dict[str, Tensor], record: dict[str, Any]) -> None:
        """Take up what :meth:`state` gave."""
        groups: dict[str, dict[str, Tensor]] = {"best": {}, "update": {}, "average": {}}
        for name, value in tensors.items():
            group, rest = name.split("/", 1)
            groups.setdefault(group, {})[rest] = value
        self.model.load_state_dict(groups["model"])
        self.best = {name: value.to(self.x.device) for name, value in groups["best"].items()}
        self.recipe.update.load(groups["update"])
        if self.recipe.average is not None:
            means = {name: value.to(self.x.device) for name, value in groups["average"].items()}
            self.recipe.average.load(means)
        for name, generator in self._generators().items():
            generator.set_state(groups["generator"][name])
        restore(groups["global"])
        self.order, self.sums = groups["loop"]["order"], groups["loop"]["sums"].to(self.x.device)
        self.step, self.seconds = record["step"], record["seconds"]
        self.history, self.best_epoch = record["history"], record["best_epoch"]
        self.micro.size = record["micro"]

    def _generators(self) -> dict[str, torch.Generator]:
        own = getattr(self.recipe.update, "generator", None)
        return self.generators | ({} if own is None else {"update": own})


def _in_words(record: dict[str, float]) -> str:
    named = {name.replace("_", " "): value for name, value in record.items() if name != "epoch"}
    return ", ".join(f"{name} {value:.4g}" for name, value in named.items())
