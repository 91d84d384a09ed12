import pytest
import torch
import torch.nn.functional as F
from torch import nn

from advscape.errors import UserError
from advscape.models.cnn import SmallCNN


def test_parameters_are_those_of_madrys_network():
    by_layers = (25 * 32 + 32) + (25 * 32 * 64 + 64) + (7 * 7 * 64 * 1024 + 1024) + (10240 + 10)
    assert sum(p.numel() for p in SmallCNN(10, (1, 28, 28)).parameters()) == by_layers == 3_274_634


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu"])
@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize("shape", [(1, 4, 4), (1, 28, 28), (3, 9, 14)])
def test_forward_is_the_formula(activation, shape, pooling):
    model = SmallCNN(5, shape, 3, activation, pooling)
    act, pool = getattr(F, activation), {"max": F.max_pool2d, "average": F.avg_pool2d}[pooling]
    w1, b1, w2, b2, w3, b3, w4, b4 = model.parameters()
    x = torch.rand(2, *shape)
    h = pool(act(F.conv2d(x, w1, b1, padding=2)), 2)
    h = pool(act(F.conv2d(h, w2, b2, padding=2)), 2)
    expected = F.linear(act(F.linear(h.flatten(1), w3, b3)), w4, b4)
    torch.testing.assert_close(model(x), expected)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in model.modules())


def test_too_small_images_are_refused():
    with pytest.raises(UserError, match="got images of 3 x 8 pixels; allowed: at least 4 x 4"):
        SmallCNN(2, (1, 3, 8))
