"""One run of a network experiment: its samples on the device, its network, its attacks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from advscape.attacks.attack import Attack
from advscape.data.prepared import Prepared
from advscape.data.split import Subset, split
from advscape.machine.device import describe, set_arithmetic, set_up
from advscape.models.build import build_model
from advscape.models.layout import use_fast_layout
from advscape.models.normalise import Normalisation
from advscape.models.state import load_weights, read_metadata
from advscape.seeds import stream
from advscape.stages.job import Job
from advscape.stages.record import make
from advscape.threat import ThreatModel
from advscape.training.snapshots import snapshot_name

if TYPE_CHECKING:
    from advscape.study.config.attack import AttackSection
    from advscape.study.config.model import ModelSection
    from advscape.study.config.study import NetworkExperiment


#: of a job's cell: the columns of its rows
KEY = ("label", "variant", "noise", "epsilon", "epoch", "seed")


@dataclass(frozen=True)
class NetworkRun:
    """What every stage of a network run starts from.

    Attributes:
        key: the run's columns in every table: noise, epsilon, seed; its label, its variant and its
            epoch, as far as it has them; with weights the checkpoint that they are.
        model: on the device, with trained weights where a weights file was given.
        classes: number of logits.
        parts: the samples of "train", of "validation" where the config sets some aside, and of
            "test".
        threat: the threat model at the run's epsilon, or where that is not known at another.
        device: where the model and the samples are.
        bfloat16: whether training and its judges' attacks may use bfloat16.
    """

    key: dict[str, Any]
    model: nn.Module
    classes: int
    parts: dict[str, Subset]
    threat: ThreatModel
    device: torch.device
    bfloat16: bool = False

    @property
    def seed(self) -> int:
        """The run's seed."""
        return int(self.key["seed"])

    @property
    def shape(self) -> tuple[int, ...]:
        """(channels, height, width) of an input."""
        return self.parts["train"].x.shape[1:]

    def tensors(self, part: Subset) -> tuple[Tensor, Tensor]:
        """Inputs, in the network's precision, and labels of some samples, on the device."""
        first = next(self.model.parameters(), None)
        dtype = torch.float32 if first is None else first.dtype
        x, y = torch.from_numpy(part.pixels()), torch.from_numpy(part.y)
        return x.to(self.device, dtype), y.to(self.device)

    def samples(self, name: str, size: int | None, use: str) -> tuple[Tensor, Tensor]:
        """Inputs and labels of a split for one use, on the device.

        Args:
            name: "train" or "test".
            size: at most so many, drawn from the run's seed; all if None.
            use: names the random stream of the draw.
        """
        part = self.parts[name]
        return self.tensors(part if size is None else part.subset(size, stream(self.seed, use)))

    def attack(self, section: AttackSection, epsilon: float | None = None) -> Attack:
        """A config section's attack, at the run's epsilon unless another is given."""
        threat = self.threat
        if epsilon is not None:
            threat = ThreatModel(threat.norm, epsilon, threat.box)
        # how many samples an attack gets is for the stage that attacks
        attack: Attack = make(section, threat, leave_out=("samples",))
        return attack


def load_run(
    job: Job[NetworkExperiment], dataset: str | Path, weights: str | Path | None = None
) -> NetworkRun:
    """Set the machine up for a job, and load its run.

    Args:
        job: config sections dataset, model, threat and compute; cell: epsilon, seed, noise.
        dataset: the prepared dataset.
        weights: trained weights, or the folder that has them; drawn from the seed unless given.
    """
    compute, section, seed = job.sections.compute, job.sections.dataset, job.cell["seed"]
    shared_by = int(job.resources.get("jobs_per_device", 1))
    device = set_up(compute.device, compute.threads, compute.deterministic, shared_by)
    drawn = split(
        Prepared.load(dataset),
        section.classes,
        section.test_fraction,
        seed,
        validation_fraction=section.validation_fraction,
    )
    key = {name: job.cell[name] for name in KEY if name in job.cell}
    if weights is not None:
        weights = weights_file(job, weights)
        key["checkpoint"] = job.cell.get("checkpoint", "last")
        if key["checkpoint"] == "best":
            key["epoch"] = int(read_metadata(weights)["epoch"])
    model = make_network(job, drawn.classes, drawn.train.x.shape[1:], device, weights)
    job.facts |= {"device": describe(device), "torch_threads": torch.get_num_threads()}
    # where nobody knows what a network was trained with
    radius = job.cell.get("attack_epsilon", job.cell["epsilon"])
    threat = ThreatModel(job.sections.threat.norm, radius, job.sections.threat.box)
    given = {"train": drawn.train, "validation": drawn.validation, "test": drawn.test}
    parts = {name: part for name, part in given.items() if part is not None}
    bfloat16 = compute.precision == "bfloat16"
    return NetworkRun(key, model, drawn.classes, parts, threat, device, bfloat16)


def weights_file(job: Job[NetworkExperiment], place: str | Path) -> Path:
    """The file of the weights that a job measures: the given one, or one in the given folder."""
    place, checkpoint = Path(place), job.cell.get("checkpoint", "last")
    if not place.is_dir():
        return place
    name = checkpoint if checkpoint == "averaged" else snapshot_name(job.cell["epoch"])
    return place / f"{name}.safetensors"


def make_network(
    job: Job[NetworkExperiment],
    classes: int,
    shape: tuple[int, ...],
    device: torch.device,
    weights: str | Path | None = None,
) -> nn.Module:
    """A run's network on the device, in the memory layout that every stage gives it.

    Args:
        job: config sections model and compute; cell: seed.
        classes: number of logits.
        shape: (channels, height, width) of an input.
        device: where it goes.
        weights: trained weights; drawn from the seed unless given.
    """
    section, compute = job.sections.model, job.sections.compute
    seed = stream(job.cell["seed"], "weights")
    model = build_model(
        lambda: make(section, classes, shape, leave_out=("normalise",)),
        named(section), classes, shape, seed, _normalisation(section),
    )  # fmt: skip
    # what the user's module may have changed
    set_arithmetic(compute.threads, compute.deterministic)
    if weights is not None:
        load_weights(model, weights)
    model.to(device)
    use_fast_layout(model)
    return model


def _normalisation(section: ModelSection) -> Normalisation | None:
    given = section.normalise
    return None if given is None else Normalisation(tuple(given.mean), tuple(given.std))


def named(model: ModelSection) -> str:
    """What errors call a model: its name, and with a user's own its function."""
    function = getattr(model, "function", None)
    return f"{model.name} ({function})" if function else model.name
