"""How a network is trained."""

from typing import Annotated, Literal

from pydantic import Field

from advscape.study.config.attack import TrainingAttack
from advscape.study.config.objective import OBJECTIVES, AdversarialObjective, ObjectiveSection
from advscape.study.config.schedule import SCHEDULES, CyclicRate, ScheduleSection
from advscape.study.config.section import (
    Count,
    Natural,
    NonNegative,
    OneOf,
    Positive,
    Section,
)
from advscape.study.config.states import Averaging, Snapshots
from advscape.training.snapshot_epochs import snapshot_epochs


class Augmentation(Section):
    """Random changes of each training image, made on the device."""

    padding: Natural = Field(
        default=0,
        description="Crop at random from the image padded by so many zero pixels; 4 is usual.",
    )
    flip: bool = Field(default=False, description="Mirror left and right with probability 1/2.")


class Monitor(Section):
    """What is measured while training goes on, for the history and to choose the best epoch."""

    every: Count = Field(default=1, description="Epochs between measurements; the last is one.")
    samples: Count = Field(
        default=1000,
        description="At most so many validation and test samples, in eval mode, "
        "under the training attack.",
    )


class InitialPerturbation(Section):
    """A small random change of the initial weights, as small as rounding."""

    size: Positive = Field(
        default=1e-6, description="Standard deviation of the change, relative to each weight."
    )
    seed: Natural = Field(
        default=0, description="Draws the change, together with the run's own seed."
    )


class NetworkTraining(Section):
    """Adversarial training by SGD."""

    epochs: Count = Field(description="Passes over the training set.")
    batch_size: Count = Field(default=128, description="Samples per step; the last may be short.")
    learning_rate: Positive = Field(default=0.1, description="Peak learning rate.")
    schedule: Annotated[ScheduleSection, OneOf(SCHEDULES)] = Field(
        default=CyclicRate(name="cyclic"), description="Course of the learning rate."
    )
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(default=0.9, description="Of SGD.")
    weight_decay: NonNegative = Field(
        default=5e-4, description="Of SGD, on all parameters as the literature does."
    )
    objective: Annotated[ObjectiveSection, OneOf(OBJECTIVES)] = Field(
        default=AdversarialObjective(name="at"), description="What is minimised."
    )
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.0, description="Of the training loss; measurements have none."
    )
    augmentation: Augmentation = Field(
        default=Augmentation(), description="Of training images; none unless given."
    )
    attack: TrainingAttack = Field(description="The attack inside training.")
    attack_batch_norm: Literal["train", "eval"] | None = Field(
        default=None,
        description="Statistics that batch norm uses while attacking in training: of the batch "
        "(train) or the running ones (eval), which never move. Unless given what the objective's "
        "authors do: eval for trades, train for the others.",
    )
    monitor: Monitor = Field(default=Monitor(), description="Measurements between epochs.")
    snapshots: Snapshots | None = Field(
        default=None,
        description="Epochs after which the weights are kept, to be measured: {every: 5}, or a "
        "list; none unless given.",
    )
    averaging: Averaging | None = Field(
        default=None, description="An average of the weights, to be measured; none unless given."
    )

    initial_perturbation: InitialPerturbation | None = Field(
        default=None,
        description="Change the initial weights by about as much as rounding does, which stands "
        "for training on another machine: verdicts should stay the same. None unless given.",
    )

    @property
    def snapshot_epochs(self) -> list[int]:
        """After which epochs the weights are kept."""
        asked = self.snapshots
        return [] if asked is None else snapshot_epochs(asked.every, asked.epochs, self.epochs)


class LinearTraining(Section):
    """The convex problem, and whether it is solved or descended for a while."""

    weight_decay: NonNegative = Field(
        description="lambda of the penalty (lambda / 2) |w|^2, on the weights and not on the bias; "
        "above 0 unless gradient_steps is given."
    )
    tolerance: Positive = Field(
        default=1e-9, description="Largest absolute entry of the gradient at the solution."
    )
    gradient_steps: Count | None = Field(
        default=None,
        description="Stop plain gradient descent after so many steps instead of solving: what "
        "training for a while does where there may be no minimiser.",
    )
    learning_rate: Positive = Field(
        default=0.3, description="Step size of gradient descent, with gradient_steps only."
    )
