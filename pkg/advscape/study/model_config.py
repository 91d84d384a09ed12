"""Models of a network experiment."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field

from advscape.study.section import NAME, Count, Section

Activation = Annotated[
    Literal["relu", "gelu", "silu"],
    Field(description="Nonlinearity; gelu and silu are smooth, which the response Hessian needs."),
]
Width = Annotated[
    Count, Field(description="Channels of the first stage; the default is the full network.")
]


class ResNet18(Section):
    """torchvision's ResNet-18 for small images."""

    name: Literal["resnet18"] = Field(
        description="resnet18: torchvision's ResNet-18 with a 3x3 stem and no max-pooling."
    )
    width: Width = 64
    activation: Activation = "relu"


class PreActResNet18(Section):
    """The pre-activation ResNet-18 of the robustness literature (He et al. 2016, 1603.05027)."""

    name: Literal["preactresnet18"] = Field(
        description="preactresnet18: pre-activation ResNet-18 with a 3x3 stem."
    )
    width: Width = 64
    activation: Activation = "relu"


class CNN(Section):
    """A small convolutional network without batch norm, as for MNIST (Madry et al. 2018)."""

    name: Literal["cnn"] = Field(
        description="cnn: two convolutions with pooling and two linear layers, no batch norm."
    )
    width: Annotated[Count, Field(description="Channels of the first convolution.")] = 32
    activation: Activation = "relu"


class CustomModel(Section):
    """Your own network, made by a function of your own."""

    name: Literal["custom"] = Field(description="custom: made by a function of your own.")
    function: str = Field(
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$",
        description="module:function, found in the folder that the study is started from or on "
        "the Python path. It is called with classes, shape (channels, height, width) and the "
        "options, and returns a torch.nn.Module from (n, channels, height, width) in [0, 1] to "
        "(n, classes) logits.",
    )
    label: str = Field(pattern=NAME, description="What tables call the model.")
    options: dict[str, Any] = Field(default={}, description="Keyword arguments of the function.")


NetworkModel = Annotated[ResNet18 | PreActResNet18 | CNN | CustomModel, Discriminator("name")]
