"""The study's config as typed models: every key, what it means, what it may be.

``workflow/schemas/config.schema.json`` is generated from here (``make schema``). A study is a
list of experiments with everything they need inside them: Snakemake merges mappings of several
config files but replaces lists, so nothing of one study can leak into another.
"""

from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, Discriminator, Field, Tag

from advscape.study.config.checkpoints import Checkpoints
from advscape.study.config.claim import ClaimConfig
from advscape.study.config.compute import Compute
from advscape.study.config.curvature import LinearCurvature, NetworkCurvature
from advscape.study.config.dataset import Dataset
from advscape.study.config.evaluation import LinearEvaluation, NetworkEvaluation
from advscape.study.config.grid import LinearGrid, NetworkGrid
from advscape.study.config.landscape import LinearLandscape, NetworkLandscape
from advscape.study.config.model import LogisticModel, NetworkModel
from advscape.study.config.section import (
    NAME,
    Name,
    Section,
)
from advscape.study.config.sharpness import NetworkSharpness
from advscape.study.config.threat import Threat
from advscape.study.config.training import LinearTraining, NetworkTraining
from advscape.study.config.variant import BASE, Variant


class _Experiment(Section):
    name: Name = Field(description="Unique; names the folder and the table rows.")
    title: str | None = Field(
        default=None, min_length=1, description="For figures; the name unless given."
    )
    dataset: Dataset = Field(description="The samples.")
    threat: Threat = Field(description="The threat model, without its radius.")
    claims: list[ClaimConfig] = Field(
        default=[], description="Claims to test, each with its decision rule."
    )

    @property
    def dataset_label(self) -> str:
        """What tables call the dataset."""
        return self.dataset.label or self.dataset.name

    @property
    def display_title(self) -> str:
        """What figures call the experiment."""
        return self.title or self.name


class LinearExperiment(_Experiment):
    """A grid of linear models, solved exactly and measured in closed form."""

    model: LogisticModel = Field(description="The model.")
    training: LinearTraining = Field(description="The training problem.")
    grid: LinearGrid = Field(description="The runs.")
    evaluation: LinearEvaluation = Field(description="Robust accuracy and loss.")
    curvature: LinearCurvature = Field(
        default=LinearCurvature(), description="The Hessian, in closed form."
    )
    landscape: LinearLandscape = Field(description="1-D and 2-D landscapes.")


class NetworkExperiment(_Experiment):
    """Networks, and how they are measured."""

    model: NetworkModel = Field(description="The model.")
    evaluation: NetworkEvaluation = Field(description="Robust accuracy and loss.")
    curvature: NetworkCurvature = Field(description="The Hessian.")
    landscape: NetworkLandscape = Field(description="1-D and 2-D landscapes.")
    sharpness: NetworkSharpness = Field(
        default=NetworkSharpness(), description="Rise of the loss at moved weights."
    )
    compute: Compute = Field(default=Compute(), description="Device, threads, precision.")

    @property
    def noise(self) -> str:
        """The noise arm of its runs; an attack's is the optimal noise."""
        return "aligned"


class TrainedExperiment(NetworkExperiment):
    """A grid of networks, trained against PGD."""

    training: NetworkTraining = Field(description="Adversarial training.")
    variants: list[Variant] = Field(
        default=[],
        description="Further trainings, to be compared with this one (the variant `base`) over the "
        "same epsilons and seeds.",
    )
    grid: NetworkGrid = Field(description="The runs.")

    @property
    def noise(self) -> str:
        """The noise arm of its runs, by the attack that they are trained with."""
        return self.training.attack.noise

    @cached_property
    def trainings(self) -> dict[str | None, NetworkTraining]:
        """How each variant is trained, by its name; without variants the one training, of None.

        Raises:
            ValidationError: a variant's keys do not make a training.
        """
        if not self.variants:
            return {None: self.training}
        base = self.training.model_dump(exclude_unset=True)
        trainings: dict[str | None, NetworkTraining] = {BASE: self.training}
        for variant in self.variants:
            trainings[variant.name] = NetworkTraining.model_validate(base | variant.training)
        return trainings


class GivenExperiment(NetworkExperiment):
    """Networks that are already trained."""

    checkpoints: Checkpoints = Field(
        description="Files of their weights, in the place of training and grid."
    )


def _kind(value: Any) -> str:
    """Tag of the experiment's kind, from a raw mapping or a validated one."""
    if isinstance(value, BaseModel):
        return next((tag for tag, kind in KINDS.items() if isinstance(value, kind)), "network")
    model = value.get("model") if isinstance(value, dict) else None
    if isinstance(model, dict) and model.get("name") == "logistic":
        return "linear"
    return "given" if isinstance(value, dict) and "checkpoints" in value else "network"


#: the kinds of experiments by the tag that pydantic tells them by
KINDS = {"linear": LinearExperiment, "network": TrainedExperiment, "given": GivenExperiment}

Experiment = Annotated[
    Annotated[LinearExperiment, Tag("linear")]
    | Annotated[TrainedExperiment, Tag("network")]
    | Annotated[GivenExperiment, Tag("given")],
    Discriminator(_kind),
]


class Study(Section):
    """One config: what to run, and under which name its results lie."""

    study: str = Field(pattern=NAME, description="Name of the study: results/<study>/.")
    question: str | None = Field(
        default=None,
        min_length=1,
        description="What the study asks, in a sentence or two: the report opens with it.",
    )
    data_root: str | None = Field(
        default=None,
        description="Folder with the datasets, only read. Unless given, the environment variable "
        "ADVSCAPE_DATA; unless that is set, data/, into which torchvision's are downloaded.",
    )
    experiments: list[Experiment] = Field(min_length=1, description="The experiments.")
