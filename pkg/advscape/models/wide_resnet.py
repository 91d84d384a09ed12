"""Wide residual networks for small images (Zagoruyko & Komodakis 2016, arXiv:1605.07146).

The network of the robustness literature (Zhang et al. 2019, TRADES, arXiv:1901.08573; RobustBench,
arXiv:2010.09670), whose names of parameters it has, so that published weights fit.
"""

from collections import OrderedDict
from collections.abc import Callable

from torch import Tensor, nn

from advscape.errors import UserError
from advscape.models.activation import activation_module


class WideBlock(nn.Module):
    """y = conv2(a(bn2(conv1(h)))) + shortcut, with h = a(bn1(x)) and the nonlinearity a.

    The shortcut is x itself, or a 1x1 convolution of h where the number of channels changes.
    """

    def __init__(self, channels: int, width: int, stride: int, activation: str):
        """Make a block from so many channels to so many others; stride 2 halves the image."""
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.activation = activation_module(activation)
        self.convShortcut = None
        if channels != width:
            self.convShortcut = nn.Conv2d(channels, width, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width, h / stride, w / stride), rounded up, of (n, channels, h, w)."""
        hidden = self.activation(self.bn1(x))
        skipped = x if self.convShortcut is None else self.convShortcut(hidden)
        output: Tensor = self.conv2(self.activation(self.bn2(self.conv1(hidden)))) + skipped
        return output


class WideResNet(nn.Module):
    """Stem, three groups, batch norm, nonlinearity, mean over pixels, linear head.

    Args:
        classes: number of logits.
        shape: (channels, height, width) of an input.
        depth: 6 n + 4, with n blocks in each group.
        widen_factor: the groups have 16, 32 and 64 times as many channels; the stem has 16.
        activation: relu, gelu or silu. All start from RobustBench's initial weights for ReLU:
            convolutions from a normal distribution scaled by their outputs (He et al. 2015), the
            head's bias from zero.
        sub_block1: have a copy of the first group that is never used, as the published weights of
            TRADES and its successors do.

    Raises:
        UserError: there is no such depth.
    """

    #: see :func:`advscape.models.layout.use_fast_layout`
    any_layout = True

    def __init__(
        self,
        classes: int,
        shape: tuple[int, ...],
        depth: int = 28,
        widen_factor: int = 10,
        activation: str = "relu",
        sub_block1: bool = False,
    ):
        """Build the layers.

        Raises:
            UserError: there is no such depth.
        """
        super().__init__()
        k, group = widen_factor, groups(WideBlock, "layer", depth, activation)
        self.conv1 = nn.Conv2d(shape[0], 16, 3, padding=1, bias=False)
        self.block1 = group(16, 16 * k, 1)
        if sub_block1:
            self.sub_block1 = group(16, 16 * k, 1)
        self.block2 = group(16 * k, 32 * k, 2)
        self.block3 = group(32 * k, 64 * k, 2)
        self.bn1 = nn.BatchNorm2d(64 * k)
        self.activation = activation_module(activation)
        self.fc = nn.Linear(64 * k, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(self.fc.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, classes) of inputs (n, channels, h, w)."""
        x = self.conv1(x)
        for group in (self.block1, self.block2, self.block3):
            x = group(x)
        logits: Tensor = self.fc(self.activation(self.bn1(x)).mean((2, 3)))
        return logits


def groups(
    block: Callable[[int, int, int, str], nn.Module], name: str, depth: int, activation: str
) -> Callable[[int, int, int], nn.Sequential]:
    """What makes the groups of a wide residual network, by channels, width and stride.

    Args:
        block: makes a block, which has the stride where it is a group's first.
        name: under which a group has its blocks.
        depth: of the network, 6 n + 4, with n blocks in each group.
        activation: of the blocks.

    Raises:
        UserError: there is no such depth.
    """
    n, rest = divmod(depth - 4, 6)
    if n < 1 or rest:
        raise UserError(f"got the depth {depth}; allowed: 6 n + 4, as 10, 16, 22, 28, 34")

    def group(channels: int, width: int, stride: int) -> nn.Sequential:
        first = block(channels, width, stride, activation)
        others = (block(width, width, 1, activation) for _ in range(n - 1))
        return nn.Sequential(OrderedDict({name: nn.Sequential(first, *others)}))

    return group
