"""Normalisation within a network; the referee is torchvision's."""

import pytest
import torch
from torch import nn
from torchvision.transforms import Normalize

from advscape.errors import UserError
from advscape.models.build import build_model
from advscape.models.normalise import Normalisation

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)


def net():
    return nn.Sequential(nn.Conv2d(3, 2, 3), nn.GELU(), nn.Flatten(), nn.Linear(72, 4))


def built(make=net, shape=(3, 8, 8), mean=MEAN, std=STD):
    return build_model(make, "net", 4, shape, 0, Normalisation(mean, std))


def test_it_is_what_torchvision_does_before(generator):
    x = torch.rand(5, 3, 8, 8, generator=generator)
    model, plain = built(), build_model(net, "net", 4, (3, 8, 8), 0)
    assert torch.equal(model(x), plain(Normalize(MEAN, STD)(x)))
    assert model.state_dict().keys() == plain.state_dict().keys()


def test_gradients_are_in_pixels(generator):
    x = torch.rand(2, 3, 8, 8, generator=generator, dtype=torch.float64).requires_grad_()
    model = built(lambda: net().double())
    assert torch.autograd.gradcheck(model, (x,))


class InPlace(nn.Module):
    """Has hooks and habits of its own."""

    def __init__(self):
        super().__init__()
        self.net = net()
        self.register_forward_pre_hook(lambda module, inputs: (2 * inputs[0],))

    def forward(self, x):
        return self.net(x.mul_(3))


def test_the_networks_own_hooks_come_after_it(generator):
    x = torch.rand(2, 3, 8, 8, generator=generator)
    before = x.clone()
    model = built(InPlace)
    found = model(x)
    assert torch.equal(x, before)
    assert torch.allclose(found, model.net(6 * Normalize(MEAN, STD)(x)), atol=1e-5)


def test_wrappers_are_taken_off_first(generator):
    x = torch.rand(2, 3, 8, 8, generator=generator)
    assert torch.equal(built(lambda: nn.DataParallel(net()))(x), built()(x))


def test_as_many_as_channels():
    with pytest.raises(UserError, match="normalise has 3 means for inputs of 1 channels"):
        built(lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 4)), (1, 8, 8))
