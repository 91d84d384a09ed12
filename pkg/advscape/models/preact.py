"""Pre-activation ResNet-18 for small images (He et al. 2016, arXiv:1603.05027).

The network of the robustness literature (Rice et al. 2020; Wu et al. 2020): a 3x3 stem without
batch norm, two blocks per stage, batch norm and nonlinearity once more before the average pool.
Some code that bears the name leaves out that last batch norm.
"""

from torch import Tensor, nn

from advscape.models.activation import activation_module


class PreActBlock(nn.Module):
    """y = conv2(a(bn2(conv1(h)))) + shortcut, with h = a(bn1(x)) and the nonlinearity a.

    The shortcut is x itself, or a 1x1 convolution of h where the shape changes.
    """

    def __init__(self, channels: int, width: int, stride: int, activation: str):
        """Make a block from so many channels to so many others; stride 2 halves the image."""
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.activation = activation_module(activation)
        self.shortcut = None
        if stride != 1 or channels != width:
            self.shortcut = nn.Conv2d(channels, width, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width, h / stride, w / stride), rounded up, of (n, channels, h, w)."""
        hidden = self.activation(self.bn1(x))
        skipped = x if self.shortcut is None else self.shortcut(hidden)
        output: Tensor = self.conv2(self.activation(self.bn2(self.conv1(hidden)))) + skipped
        return output


class PreActResNet18(nn.Module):
    """Stem, four stages of two blocks, batch norm, nonlinearity, mean over pixels, linear head.

    Args:
        classes: number of logits.
        shape: (channels, height, width) of an input.
        width: channels of the first stage; the others have 2, 4 and 8 times as many. 64 is the
            full network.
        activation: relu, gelu or silu. The initial weights are torch's defaults.
    """

    #: see :func:`advscape.models.layout.use_fast_layout`
    any_layout = True

    def __init__(
        self, classes: int, shape: tuple[int, ...], width: int = 64, activation: str = "relu"
    ):
        """Build the layers."""
        super().__init__()
        self.conv1 = nn.Conv2d(shape[0], width, 3, padding=1, bias=False)
        self.layer1 = _stage(width, width, 1, activation)
        self.layer2 = _stage(width, 2 * width, 2, activation)
        self.layer3 = _stage(2 * width, 4 * width, 2, activation)
        self.layer4 = _stage(4 * width, 8 * width, 2, activation)
        self.bn = nn.BatchNorm2d(8 * width)
        self.activation = activation_module(activation)
        self.fc = nn.Linear(8 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, classes) of inputs (n, channels, h, w)."""
        x = self.conv1(x)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        logits: Tensor = self.fc(self.activation(self.bn(x)).mean((2, 3)))
        return logits


def _stage(channels: int, width: int, stride: int, activation: str) -> nn.Sequential:
    return nn.Sequential(
        PreActBlock(channels, width, stride, activation), PreActBlock(width, width, 1, activation)
    )
