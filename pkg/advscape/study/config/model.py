"""Models of a network experiment."""

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from advscape.study.config.section import (
    FUNCTION,
    NAME,
    Count,
    Kind,
    OneOf,
    Positive,
    Section,
)

Activation = Annotated[
    Literal["relu", "gelu", "silu"],
    Field(description="Nonlinearity; gelu and silu are smooth, which the response Hessian needs."),
]
Width = Annotated[
    Count, Field(description="Channels of the first stage; the default is the full network.")
]


class Normalise(Section):
    """What the network subtracts from its inputs, and divides them by."""

    mean: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        min_length=1, description="One for each channel, of pixels in [0, 1]."
    )
    std: list[Positive] = Field(min_length=1, description="One for each channel.")

    @model_validator(mode="after")
    def _as_many(self) -> "Normalise":
        if len(self.mean) != len(self.std):
            raise ValueError(f"as many means as stds (got {len(self.mean)} and {len(self.std)})")
        return self


def _six_n_plus_four(depth: int) -> int:
    """Refuse the depths of which there is no wide residual network.

    Raises:
        ValueError: it is none.
    """
    if depth < 10 or depth % 6 != 4:
        raise ValueError("6 n + 4, as 10, 16, 22, 28, 34")
    return depth


Depth = Annotated[
    int,
    AfterValidator(_six_n_plus_four),
    Field(description="6 n + 4, with n blocks in each of the three groups."),
]
WidenFactor = Annotated[
    Count, Field(description="Channels of the groups are this many times 16, 32 and 64.")
]


class ModelSection(Kind):
    """A network, made with ``classes`` (number of logits) and ``shape`` of an input.

    Each has a ``label``, a key of its own or worked out: what tables call the model.
    """

    normalise: Normalise | None = Field(
        default=None,
        description="Normalisation of inputs as a part of the network, in pixels of [0, 1]: "
        "epsilon stays in these. None unless given.",
    )

    if TYPE_CHECKING:

        @property
        def label(self) -> str:
            """What tables call the model."""


class _OurNetwork(ModelSection):
    width: int
    activation: str

    @property
    def label(self) -> str:
        """What tables call the model: its name, and what is not as in the full ReLU network."""
        parts = [self.name]
        if self.width != type(self).model_fields["width"].default:
            parts.append(f"w{self.width}")
        if self.activation != "relu":
            parts.append(self.activation)
        return "-".join(parts)


class ResNet18(_OurNetwork):
    """torchvision's ResNet-18 for small images."""

    made_by = "advscape.models.resnet:SmallImageResNet18"

    name: Literal["resnet18"] = Field(
        description="resnet18: torchvision's ResNet-18 with a 3x3 stem and no max-pooling."
    )
    width: Width = 64
    activation: Activation = "relu"


class PreActResNet18(_OurNetwork):
    """The pre-activation ResNet-18 of the robustness literature (He et al. 2016, 1603.05027)."""

    made_by = "advscape.models.preact:PreActResNet18"

    name: Literal["preactresnet18"] = Field(
        description="preactresnet18: pre-activation ResNet-18 with a 3x3 stem."
    )
    width: Width = 64
    activation: Activation = "relu"


class CNN(_OurNetwork):
    """A small convolutional network without batch norm, as for MNIST (Madry et al. 2018)."""

    made_by = "advscape.models.cnn:SmallCNN"

    name: Literal["cnn"] = Field(
        description="cnn: two convolutions with pooling and two linear layers, no batch norm."
    )
    width: Annotated[Count, Field(description="Channels of the first convolution.")] = 32
    activation: Activation = "relu"
    pooling: Literal["max", "average"] = Field(
        default="max",
        description="Max pooling has kinks whatever the activation; with average pooling and gelu "
        "or silu the network is smooth, which the response Hessian needs.",
    )

    @property
    def label(self) -> str:
        """What tables call the model; the name, and what is not as in the full ReLU network."""
        return super().label + ("-avgpool" if self.pooling == "average" else "")


class _WideNetwork(ModelSection):
    depth: Depth = 28
    widen_factor: WidenFactor = 10
    activation: str

    @property
    def label(self) -> str:
        """What tables call the model: its name and size, and another activation than usual."""
        parts = [self.name, str(self.depth), str(self.widen_factor)]
        if self.activation != type(self).model_fields["activation"].default:
            parts.append(self.activation)
        return "-".join(parts)


class WideResNet(_WideNetwork):
    """The wide residual network of the robustness literature (Zagoruyko & Komodakis 2016)."""

    made_by = "advscape.models.wide_resnet:WideResNet"

    name: Literal["wideresnet"] = Field(
        description="wideresnet: wide residual network, as in TRADES and RobustBench."
    )
    activation: Activation = "relu"
    sub_block1: bool = Field(
        default=False,
        description="Have the group that published weights of TRADES have and nothing uses.",
    )


class DMWideResNet(_WideNetwork):
    """DeepMind's wide residual network (Gowal et al. 2020, 2010.03593)."""

    made_by = "advscape.models.dm_wide_resnet:DMWideResNet"

    name: Literal["dm_wideresnet"] = Field(
        description="dm_wideresnet: DeepMind's wide residual network, with silu (swish)."
    )
    activation: Activation = "silu"


class _WithOptions(ModelSection):
    #: names of arguments that the function gets anyway
    given: ClassVar[tuple[str, ...]]

    options: dict[str, Any] = Field(default={}, description="Keyword arguments of the function.")

    @field_validator("options", mode="before")
    @classmethod
    def _plain(cls, options: Any) -> Any:
        """Jobs get the options as JSON, which must not turn them into something else.

        Raises:
            ValueError: an option has a name that is taken, or is not plain.
        """
        taken = set(cls.given) & set(options) if isinstance(options, dict) else None
        if taken:
            names = ", ".join(cls.given[:-1]) + f" and {cls.given[-1]}"
            raise ValueError(f"other names than {names} ({min(taken)} is given anyway)")
        problem = _not_plain(options, "options")
        if problem:
            raise ValueError(
                "texts, finite numbers, true, false, null, and lists and mappings of these, with "
                f"texts as keys ({problem})"
            )
        return options


class _OfCatalogue(_WithOptions):
    architecture: str = Field(pattern=NAME, description="The network's name there.")

    @property
    def label(self) -> str:
        """What tables call the model: the architecture's name, and whose it is."""
        return f"{self.name}-{self.architecture}"


class TorchvisionModel(_OfCatalogue):
    """A classification network of torchvision, not pretrained."""

    made_by = "advscape.models.from_torchvision:torchvision_model"
    given = ("name", "weights", "num_classes")

    name: Literal["torchvision"] = Field(
        description="torchvision: a classification network of torchvision.models, not pretrained."
    )


class TimmModel(_OfCatalogue):
    """A network of timm, an optional package, not pretrained."""

    made_by = "advscape.models.from_timm:timm_model"
    # a file of weights would be unpickled there; experiments have checkpoints
    given = ("model_name", "pretrained", "checkpoint_path", "num_classes", "in_chans")

    name: Literal["timm"] = Field(
        description="timm: a network of timm, an optional package, not pretrained."
    )


class CustomModel(_WithOptions):
    """Your own network, made by a function of your own."""

    made_by = "advscape.models.custom:custom_model"
    given = ("classes", "shape")

    name: Literal["custom"] = Field(description="custom: made by a function of your own.")
    function: str = Field(
        pattern=FUNCTION,
        description="module:function, found in the working folder (Snakemake's --directory) or on "
        "the Python path. It is called with classes, shape (channels, height, width) and the "
        "options, and returns a torch.nn.Module from (n, channels, height, width) in [0, 1] to "
        "(n, classes) logits.",
    )
    label: str = Field(pattern=NAME, description="What tables call the model.")


def _not_plain(value: Any, at: str) -> str | None:
    """Where and why a value is not what JSON would give back, or None."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                return f"{at} has the key {key!r}"
            problem = _not_plain(inner, f"{at}.{key}")
            if problem:
                return problem
        return None
    if isinstance(value, list):
        problems = (_not_plain(inner, f"{at}[{i}]") for i, inner in enumerate(value))
        return next(filter(None, problems), None)
    if value is None or isinstance(value, str | int | float):
        infinite = isinstance(value, float) and not math.isfinite(value)
        return f"{at} is {value!r}" if infinite else None
    return f"{at} is a {type(value).__name__}"


class LogisticModel(Section):
    """Linear logistic regression: two classes, one weight per pixel and a bias."""

    name: Literal["logistic"] = Field(description="logistic: linear logistic regression.")

    @property
    def label(self) -> str:
        """What tables call the model."""
        return self.name


#: the networks by name
MODELS: dict[str, type[ModelSection]] = {
    "resnet18": ResNet18,
    "preactresnet18": PreActResNet18,
    "cnn": CNN,
    "wideresnet": WideResNet,
    "dm_wideresnet": DMWideResNet,
    "torchvision": TorchvisionModel,
    "timm": TimmModel,
    "custom": CustomModel,
}

NetworkModel = Annotated[ModelSection, OneOf(MODELS)]
