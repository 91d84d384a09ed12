"""The study's config as typed models: every key, what it means, what it may be.

``workflow/schemas/config.schema.json`` is generated from here (``make schema``). A study is a
list of experiments with everything they need inside them: Snakemake merges mappings of several
config files but replaces lists, so nothing of one study can leak into another.
"""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

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
    Section,
)
from advscape.study.config.sharpness import NetworkSharpness
from advscape.study.config.threat import Threat
from advscape.study.config.training import LinearTraining, NetworkTraining


class _Experiment(Section):
    name: str = Field(pattern=NAME, description="Unique; names the folder and the table rows.")
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
    """A grid of networks, trained against PGD."""

    model: NetworkModel = Field(description="The model.")
    training: NetworkTraining = Field(description="Adversarial training.")
    grid: NetworkGrid = Field(description="The runs.")
    evaluation: NetworkEvaluation = Field(description="Robust accuracy and loss.")
    curvature: NetworkCurvature = Field(description="The Hessian.")
    landscape: NetworkLandscape = Field(description="1-D and 2-D landscapes.")
    sharpness: NetworkSharpness = Field(
        default=NetworkSharpness(), description="Rise of the loss at moved weights."
    )
    compute: Compute = Field(default=Compute(), description="Device, threads, precision.")

    @property
    def noise(self) -> str:
        """The noise arm of its runs, by the attack that they are trained with."""
        return self.training.attack.noise


def _kind(value: Any) -> str:
    """Tag of the experiment's model, from a raw mapping or a validated one."""
    model = value.get("model") if isinstance(value, dict) else getattr(value, "model", None)
    name = model.get("name") if isinstance(model, dict) else getattr(model, "name", None)
    return "linear" if name == "logistic" else "network"


Experiment = Annotated[
    Annotated[LinearExperiment, Tag("linear")] | Annotated[NetworkExperiment, Tag("network")],
    Discriminator(_kind),
]


class Study(Section):
    """One config: what to run, and under which name its results lie."""

    study: str = Field(pattern=NAME, description="Name of the study: results/<study>/.")
    data_root: str | None = Field(
        default=None,
        description="Folder with the datasets, only read. Unless given, the environment variable "
        "ADVSCAPE_DATA; unless that is set, data/, into which torchvision's are downloaded.",
    )
    experiments: list[Experiment] = Field(min_length=1, description="The experiments.")
