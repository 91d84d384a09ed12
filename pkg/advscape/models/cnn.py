"""A small convolutional network without batch norm: the MNIST network of Madry et al. 2018."""

from torch import Tensor, nn

from advscape.errors import UserError
from advscape.models.activation import activation_module

#: two poolings halve the image twice
_SMALLEST = 4
_POOLINGS = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}


class SmallCNN(nn.Sequential):
    """Two 5x5 convolutions, each with 2x2 pooling, then linear layers to 1024 and the logits.

    Args:
        classes: number of logits.
        shape: (channels, height, width) of an input, at least 4 pixels each way.
        width: channels of the first convolution; the second has twice as many. 32 is the network
            of Madry et al. (arXiv:1706.06083); the initial weights are torch's defaults.
        activation: relu, gelu or silu, after each layer but the last.
        pooling: max, as in that network, or average. Max pooling has kinks whatever the
            activation; with average pooling and gelu or silu the network is smooth.

    Raises:
        UserError: the images are smaller than 4 x 4.
    """

    #: see :func:`advscape.models.layout.use_fast_layout`
    any_layout = True

    def __init__(
        self,
        classes: int,
        shape: tuple[int, ...],
        width: int = 32,
        activation: str = "relu",
        pooling: str = "max",
    ):
        """Build the layers.

        Raises:
            UserError: the images are smaller than 4 x 4.
        """
        channels, height, across = shape
        if min(height, across) < _SMALLEST:
            raise UserError(
                f"got images of {height} x {across} pixels; allowed: at least "
                f"{_SMALLEST} x {_SMALLEST}"
            )
        super().__init__(
            nn.Conv2d(channels, width, 5, padding=2),
            activation_module(activation),
            _POOLINGS[pooling](2),
            nn.Conv2d(width, 2 * width, 5, padding=2),
            activation_module(activation),
            _POOLINGS[pooling](2),
            nn.Flatten(),
            nn.Linear(2 * width * (height // 4) * (across // 4), 1024),
            activation_module(activation),
            nn.Linear(1024, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, classes) of inputs (n, channels, h, w)."""
        logits: Tensor = super().forward(x)  # type: ignore[no-untyped-call]
        return logits
