"""The study's config as typed models: every key, what it means, what it may be.

``workflow/schemas/config.schema.json`` is generated from here (``make schema``). A study is a
list of experiments with everything they need inside them: Snakemake merges mappings of several
config files but replaces lists, so nothing of one study can leak into another.
"""

import hashlib
import math
import os
import re
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from advscape.study.attack_config import EvaluationAttack, PGDAttack
from advscape.study.claim_config import ClaimConfig
from advscape.study.landscape_config import LinearLandscape, NetworkLandscape
from advscape.study.model_config import NetworkModel
from advscape.study.section import (
    NAME,
    Count,
    Natural,
    NonNegative,
    Positive,
    Radius,
    Section,
    Share,
    distinct,
)
from advscape.study.sharpness_config import NetworkSharpness
from advscape.study.training_config import NetworkTraining

#: dataset names whose test set is official; the others need ``test_fraction``
OFFICIAL_SPLIT = ("mnist", "cifar10", "cifar100", "svhn", "npz")
#: every model name, for error messages
MODELS = ("logistic", "resnet18", "preactresnet18", "cnn", "custom")


class Dataset(Section):
    """The samples of an experiment."""

    name: Literal["digits", "mnist", "cifar10", "cifar100", "svhn", "npz"] = Field(
        description="digits (scikit-learn's 8x8 digits, embedded), mnist, cifar10, cifar100, svhn "
        "(torchvision's files under the data root), or npz (your own arrays)."
    )
    path: str | None = Field(
        default=None,
        description="For npz: the file, relative to the data root. Keys {train,test}_images (n, h, "
        "w[, c]) or {train,test}_jpeg with {train,test}_offsets, and {train,test}_labels (n,).",
    )
    label: str | None = Field(
        default=None,
        min_length=1,
        description="What tables and figures call the dataset; the name unless given.",
    )
    classes: list[Natural] | None = Field(
        default=None,
        min_length=2,
        description="Keep only these labels, renumbered 0, 1, ... in this order; all unless given.",
    )
    test_fraction: Share | None = Field(
        default=None,
        description="Share of all samples that the run's seed draws as test set, stratified by "
        "class. Unless given, the dataset's official test set is used (digits has none).",
    )
    validation_fraction: Share | None = Field(
        default=None,
        description="Networks: share of the training samples that the run's seed sets aside, "
        "stratified by class, to choose the best epoch by; no best epoch unless given.",
    )

    _classes = field_validator("classes")(lambda v: v if v is None else distinct(v))

    @property
    def id(self) -> str:
        """Name of the dataset's prepared file; npz files of different paths never share one.

        Paths of other characters than these get a part of their hash, so that neither file
        systems nor Snakemake find a meaning in them.
        """
        if self.path is None:
            return self.name
        name = self.path.removesuffix(".npz")
        if re.fullmatch("[a-z0-9_]{1,60}", name) and self.path.endswith(".npz"):
            return f"npz-{name}"
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        return f"npz-{re.sub('[^A-Za-z0-9_]+', '-', name)[-40:].strip('-')}-{digest}"


class Threat(Section):
    """What the adversary may do to an input whose pixels lie in [0, 1]."""

    norm: Literal["l2", "linf"] = Field(description="Norm of the perturbation: l2 or linf.")
    box: bool = Field(
        default=False,
        description="Keep perturbed inputs inside [0, 1]. Without the box the closed form of "
        "linear models is exact; with it the threat model is another one, with a smaller loss.",
    )


class Compute(Section):
    """Where a network's jobs run."""

    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="auto takes a GPU where there is one, else the CPU."
    )
    threads: Count = Field(
        default=1,
        description="Threads of a job and of torch on the CPU; they fix the order of float sums.",
    )
    jobs_per_device: Count = Field(
        default=1,
        description="Jobs that may share a GPU; the profile's `resources: gpu` says how many GPU "
        "jobs run at once on all devices together.",
    )
    seeds_per_job: Annotated[int, Field(ge=1, le=10)] = Field(
        default=1,
        description="Seeds of one epsilon whose networks are measured in one job, so that tiny "
        "runs share its start-up: the first so many of the grid's, the next so many, and so on. "
        "Each network is trained in a job of its own.",
    )
    precision: Literal["float32", "tf32", "bfloat16"] = Field(
        default="float32",
        description="Arithmetic of training (tf32: of a GPU's products and convolutions), for "
        "bfloat16 also of the gradients of its and of the judges' attacks (autocast). Losses, "
        "accuracies, Hessians and landscapes are float32, never TF32.",
    )
    deterministic: bool = Field(
        default=True,
        description="Only kernels that give the same result every time. false allows layers that "
        "have no other on a GPU; a killed job then does not go on to the same weights.",
    )


class _Grid(Section):
    epsilons: list[Radius] = Field(
        min_length=1,
        description="Radii of the threat model, in units of pixels in [0, 1]; 8/255 is read as "
        "such.",
    )
    seeds: list[Natural] = Field(
        min_length=1,
        description="One run per seed and epsilon. The seed draws the split (test_fraction), the "
        "random noise, the initial weights and the data order.",
    )

    _epsilons = field_validator("epsilons")(distinct)
    _seeds = field_validator("seeds")(distinct)


class LinearGrid(_Grid):
    """The runs of a linear experiment."""

    noise: list[Literal["aligned", "random", "opposed"]] = Field(
        default=["aligned"],
        min_length=1,
        description="Noise arms: aligned (the optimal noise), random (one fixed direction per "
        "sample), opposed (the optimal noise reversed).",
    )

    _noise = field_validator("noise")(distinct)


class NetworkGrid(_Grid):
    """The runs of a network experiment."""


class LinearModel(Section):
    """Linear logistic regression: two classes, one weight per pixel and a bias."""

    name: Literal["logistic"] = Field(description="logistic: linear logistic regression.")

    @property
    def label(self) -> str:
        """What tables call the model."""
        return self.name


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


class LinearEvaluation(Section):
    """Loss and accuracy on train and test, clean and under the closed-form attack."""

    common_epsilon: Radius = Field(
        description="Radius at which all runs are compared, beside each run's own; 8/255 is read "
        "as such."
    )


class NetworkEvaluation(LinearEvaluation):
    """Loss and accuracy on train and test, clean and under attacks."""

    attacks: list[EvaluationAttack] = Field(
        min_length=1, description="The attacks; the same for train and test."
    )
    samples: Count | None = Field(
        default=None, description="At most so many samples of each split; all unless given."
    )
    batch_size: Count = Field(default=512, description="Samples per forward pass.")


class LinearCurvature(Section):
    """Closed form on all training and test samples: nothing to set."""


class Response(Section):
    """How the attack's response to the weights is measured (L2)."""

    refine_steps: Count = Field(
        default=200, description="Gradients a sample may take to come to its maximum."
    )
    kkt_tol: Positive = Field(
        default=1e-4,
        description="Largest KKT residual |g/|g| - delta/epsilon| of a sample whose response is "
        "measured; float32 reaches about 1e-5.",
    )
    cg_tolerance: Positive = Field(
        default=1e-3, description="Relative residual of each sample's system; smooth networks."
    )
    cg_steps: Count = Field(
        default=100, description="Steps after which a system is given up, and the log says so."
    )
    probes: Annotated[int, Field(ge=2)] = Field(
        default=10, description="Rademacher probes of the traces of response and total."
    )


class FiniteScale(Section):
    """Second differences of the re-attacked loss, where maxima sit at kinks (ReLU)."""

    radius: Positive = Field(
        default=0.01, description="Length of the steps, relative to |w| of all parameters."
    )
    random: Count = Field(
        default=1, description="Random directions, beside the top frozen eigenvector."
    )


class Spectrum(Section):
    """Spectral density by stochastic Lanczos quadrature."""

    probes: Annotated[int, Field(ge=2)] = Field(default=10, description="Random vectors.")
    steps: Annotated[int, Field(ge=2)] = Field(default=80, description="Products per probe.")
    points: Annotated[int, Field(ge=10)] = Field(default=500, description="Rows of the curve.")
    width: Positive = Field(
        default=0.01, description="Standard deviation of the Gaussian, relative to the range."
    )


class NetworkCurvature(Section):
    """Hessians of the clean and the adversarial loss: frozen part, response, total."""

    samples: Count = Field(
        description="At most so many samples of each split, drawn once per run from its seed."
    )
    splits: list[Literal["train", "test"]] = Field(
        default=["train", "test"], min_length=1, description="Samples of which sets."
    )
    attack: PGDAttack = Field(description="The attack that makes the noise, refined afterwards.")
    tolerance: Positive = Field(
        default=1e-3, description="Lanczos stops at this residual |Hv - lambda v| / |lambda|."
    )
    max_products: Count = Field(
        default=60, description="Hessian-vector products after which Lanczos gives up, and says so."
    )
    probes: Annotated[int, Field(ge=2)] = Field(
        description="Rademacher probes of the trace, the same for every run; with trace_accuracy "
        "at most so many."
    )
    trace_accuracy: Share | None = Field(
        default=None,
        description="Wanted standard error of a trace, relative to it; some 1 / accuracy^2 probes.",
    )
    response: Response = Field(default=Response(), description="The attack's response.")
    finite_scale: FiniteScale = Field(
        default=FiniteScale(), description="What stands in for it where it is not measurable."
    )
    spectrum: Spectrum | None = Field(
        default=None, description="Spectral densities; none unless given."
    )
    seed: Natural = Field(
        default=0, description="Draws the probes and the start of Lanczos, for every run alike."
    )
    batch_size: Count = Field(default=256, description="Samples per Hessian-vector product.")

    eigenvectors: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description="How many of the largest eigenvectors of the frozen adversarial Hessian to "
        "keep, for directions of the landscape; over the first split.",
    )

    _splits = field_validator("splits")(distinct)


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

    model: LinearModel = Field(description="The model.")
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
        name = self.training.attack.name
        return name if name in ("random", "opposed") else "aligned"


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


def token(epsilon: float) -> str:
    """Epsilon in paths and job specs: the shortest decimal that reads back as the same float.

    >>> token(0.5), token(3), token(0.0)
    ('0.5', '3', '0')
    """
    value = float(epsilon)
    return str(int(value)) if value.is_integer() and math.fabs(value) < 1e15 else repr(value)
