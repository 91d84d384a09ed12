"""ResNet-18 for small images (He et al. 2016, arXiv:1512.03385).

torchvision's network, parameter by parameter and under its names, with a 3x3 stem of stride 1, no
max-pooling, and any width. It is written out here because importing torchvision's models takes
as long as importing torch itself, in every job.
"""

from torch import Tensor, nn

from advscape.models.activation import activation_module


class BasicBlock(nn.Module):
    """y = a(bn2(conv2(a(bn1(conv1(x))))) + shortcut) with the nonlinearity a.

    The shortcut is x itself, or a 1x1 convolution of it with batch norm where the shape changes.
    """

    def __init__(self, channels: int, width: int, stride: int, activation: str):
        """Make a block from so many channels to so many others; stride 2 halves the image."""
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.activation = activation_module(activation)
        self.downsample = None
        if stride != 1 or channels != width:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width, h / stride, w / stride), rounded up, of (n, channels, h, w)."""
        skipped = x if self.downsample is None else self.downsample(x)
        hidden = self.activation(self.bn1(self.conv1(x)))
        output: Tensor = self.activation(self.bn2(self.conv2(hidden)) + skipped)
        return output


class SmallImageResNet18(nn.Module):
    """Stem, four stages of two blocks, mean over pixels, linear head.

    Args:
        classes: number of logits.
        shape: (channels, height, width) of an input.
        width: channels of the first stage; the others have 2, 4 and 8 times as many. 64 is the
            full network.
        activation: relu, gelu or silu. All start from torchvision's initial weights for ReLU:
            convolutions from a normal distribution scaled by their outputs (He et al. 2015).
    """

    #: see :func:`advscape.models.layout.use_fast_layout`
    any_layout = True

    def __init__(
        self, classes: int, shape: tuple[int, ...], width: int = 64, activation: str = "relu"
    ):
        """Build the layers."""
        super().__init__()
        self.conv1 = nn.Conv2d(shape[0], width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.activation = activation_module(activation)
        self.layer1 = _stage(width, width, 1, activation)
        self.layer2 = _stage(width, 2 * width, 2, activation)
        self.layer3 = _stage(2 * width, 4 * width, 2, activation)
        self.layer4 = _stage(4 * width, 8 * width, 2, activation)
        self.fc = nn.Linear(8 * width, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, classes) of inputs (n, channels, h, w)."""
        x = self.activation(self.bn1(self.conv1(x)))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        logits: Tensor = self.fc(x.mean((2, 3)))
        return logits


def _stage(channels: int, width: int, stride: int, activation: str) -> nn.Sequential:
    return nn.Sequential(
        BasicBlock(channels, width, stride, activation), BasicBlock(width, width, 1, activation)
    )
