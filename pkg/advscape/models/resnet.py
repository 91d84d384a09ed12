"""ResNet-18 for small images."""

from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, ResNet

from advscape.models.activation import replace_relus


class SmallImageResNet18(ResNet):
    """torchvision's ResNet-18 with a 3x3 stem of stride 1, no max-pooling, and any width.

    Args:
        classes: number of logits.
        channels: of the input.
        width: channels of the first stage; the others have 2, 4 and 8 times as many. 64 is the
            full network.
        activation: relu, gelu or silu. All start from torchvision's initial weights for ReLU.
    """

    def __init__(self, classes: int, channels: int, width: int = 64, activation: str = "relu"):
        """Build torchvision's network, then replace its stem, its head and its ReLUs."""
        self._width = width
        super().__init__(BasicBlock, [2, 2, 2, 2], num_classes=classes)
        self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        nn.init.kaiming_normal_(self.conv1.weight, mode="fan_out", nonlinearity="relu")
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.Identity()
        self.fc = nn.Linear(8 * width, classes)
        replace_relus(self, activation)

    def _make_layer(self, block: type, planes: int, *args: object, **kwargs: object) -> nn.Module:
        if planes == 64:  # the first stage: torchvision has made its stem for 64 channels
            self.inplanes = self._width
        return super()._make_layer(block, planes * self._width // 64, *args, **kwargs)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, classes) of inputs (n, channels, h, w)."""
        return super().forward(x)
