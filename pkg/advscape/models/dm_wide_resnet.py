"""DeepMind's wide residual network for small images (Gowal et al. 2020, arXiv:2010.03593).

It is the network of Gowal et al., Rebuffi et al. (arXiv:2103.01946) and Wang et al.
(arXiv:2302.04638), and has the names of its PyTorch version in RobustBench, so that published
weights fit. They hold no normalisation of the inputs, which is no part of this network. Beside the
names it differs from :mod:`advscape.models.wide_resnet` in the nonlinearity, and where a
convolution of stride 2 begins: TensorFlow's ``SAME`` pads an image of even size on its far sides
alone.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from advscape.models.activation import activation_module
from advscape.models.wide_resnet import groups


class DMBlock(nn.Module):
    """y = conv_1(a(batchnorm_1(conv_0(h)))) + shortcut, h = a(batchnorm_0(x)), nonlinearity a.

    The shortcut is x itself, or a 1x1 convolution of h where the number of channels changes.
    """

    def __init__(self, channels: int, width: int, stride: int, activation: str):
        """Make a block from so many channels to so many others; stride 2 halves the image."""
        super().__init__()
        self.batchnorm_0 = nn.BatchNorm2d(channels)
        self.conv_0 = nn.Conv2d(channels, width, 3, stride, bias=False)
        self.batchnorm_1 = nn.BatchNorm2d(width)
        self.conv_1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.activation = activation_module(activation)
        self.stride = stride
        self.shortcut = None
        if channels != width:
            self.shortcut = nn.Conv2d(channels, width, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width, h / stride, w / stride), rounded up, of (n, channels, h, w)."""
        hidden = self.activation(self.batchnorm_0(x))
        skipped = x if self.shortcut is None else self.shortcut(hidden)
        inner = self.activation(self.batchnorm_1(self.conv_0(self._padded(hidden))))
        output: Tensor = self.conv_1(inner) + skipped
        return output

    def _padded(self, x: Tensor) -> Tensor:
        """With the zeros of SAME. The published code knows even sizes only, and adds the same."""
        top, left = (int(self.stride == 1 or size % 2 == 1) for size in x.shape[2:])
        return F.pad(x, (left, 1, top, 1))


class DMWideResNet(nn.Module):
    """Stem, three groups, batch norm, nonlinearity, mean over pixels, linear head.

    Args:
        classes: number of logits.
        shape: (channels, height, width) of an input.
        depth: 6 n + 4, with n blocks in each group.
        widen_factor: the groups have 16, 32 and 64 times as many channels; the stem has 16.
        activation: relu, gelu or silu (swish). The initial weights are torch's defaults.

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
        activation: str = "silu",
    ):
        """Build the layers.

        Raises:
            UserError: there is no such depth.
        """
        super().__init__()
        k, group = widen_factor, groups(DMBlock, "block", depth, activation)
        self.init_conv = nn.Conv2d(shape[0], 16, 3, padding=1, bias=False)
        self.layer = nn.Sequential(
            group(16, 16 * k, 1), group(16 * k, 32 * k, 2), group(32 * k, 64 * k, 2)
        )
        self.batchnorm = nn.BatchNorm2d(64 * k)
        self.activation = activation_module(activation)
        self.logits = nn.Linear(64 * k, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, classes) of inputs (n, channels, h, w)."""
        x = self.activation(self.batchnorm(self.layer(self.init_conv(x))))
        logits: Tensor = self.logits(x.mean((2, 3)))
        return logits
