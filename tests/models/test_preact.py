"""Against the block's formula written out with torch.nn.functional, and counts by hand."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from advscape.models.preact import PreActResNet18

FUNCTIONS = {"relu": F.relu, "gelu": F.gelu, "silu": F.silu}


def normalised(x, norm):
    """Batch norm with the batch's own statistics."""
    mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
    shape = (1, -1, 1, 1)
    scaled = (x - mean) / (variance + 1e-5).sqrt()
    return scaled * norm.weight.view(shape) + norm.bias.view(shape)


def by_hand(model, x, activation):
    """He et al. 2016, figure 4(e): norm and nonlinearity before each convolution."""
    act = FUNCTIONS[activation]
    x = F.conv2d(x, model.conv1.weight, padding=1)
    for i, stage in enumerate((model.layer1, model.layer2, model.layer3, model.layer4)):
        for j, block in enumerate(stage):
            stride = 2 if i > 0 and j == 0 else 1
            h = act(normalised(x, block.bn1))
            shortcut = F.conv2d(h, block.shortcut.weight, stride=2) if stride == 2 else x
            h = F.conv2d(h, block.conv1.weight, stride=stride, padding=1)
            h = F.conv2d(act(normalised(h, block.bn2)), block.conv2.weight, padding=1)
            x = h + shortcut
    return F.linear(act(normalised(x, model.bn)).mean((2, 3)), model.fc.weight, model.fc.bias)


@pytest.mark.parametrize("activation", FUNCTIONS)
@pytest.mark.parametrize("shape", [(1, 9, 7), (3, 32, 32)])
def test_forward_is_the_formula(activation, shape):
    torch.manual_seed(0)
    model = PreActResNet18(5, shape, 4, activation).double()
    for parameter in model.parameters():  # also scales and shifts of the batch norms
        nn.init.normal_(parameter, 0.3, 0.3)
    x = torch.rand(6, *shape, dtype=torch.float64)
    torch.testing.assert_close(model(x), by_hand(model, x, activation), rtol=1e-9, atol=1e-9)


def test_parameters_of_the_full_network():
    def block(a, b):  # two norms, two 3x3 convolutions, a 1x1 shortcut where the shape changes
        return 2 * a + 9 * a * b + 2 * b + 9 * b * b + (a * b if a != b else 0)

    stages = sum(
        block(a, b) + block(b, b) for a, b in [(64, 64), (64, 128), (128, 256), (256, 512)]
    )
    by_layers = 27 * 64 + stages + 2 * 512 + 512 * 10 + 10
    # Rice et al.'s network; the often quoted 11,171,146 lacks the last batch norm
    assert by_layers == 11_172_170
    assert sum(p.numel() for p in PreActResNet18(10, (3, 32, 32)).parameters()) == by_layers


def test_smooth_activations_have_second_derivatives():
    for activation, smooth in (("relu", False), ("gelu", True), ("silu", True)):
        torch.manual_seed(0)
        model = PreActResNet18(2, (1, 32, 32), 4, activation).double().eval()
        x = torch.rand(1, 1, 8, 8, dtype=torch.float64)
        curvature = torch.autograd.functional.hessian(lambda x, m=model: m(x)[0, 0], x)
        assert bool(curvature.abs().max() > 1e-9) is smooth  # ReLU networks are linear in pieces
