import pytest
import torch
from torch import nn
from torch.nn import functional

from advscape.models.kinks import bends_in_places, has_kinks
from tests import users_networks
from tests.networks import assert_same, snapshot
from tests.sections import built_model

SHAPE = (1, 8, 8)


class Functional(nn.Module):
    """Calls a function, not a layer."""

    def __init__(self, function):
        super().__init__()
        self.linear, self.function = nn.Linear(64, 3), function

    def forward(self, x):
        return self.function(self.linear(x.flatten(1)))


KINKED = {
    "relu": functional.relu, "leaky": functional.leaky_relu, "maximum": lambda z: z.maximum(-z),
    "in place": lambda z: torch.relu_(z), "hardswish": functional.hardswish, "abs": torch.abs,
    "clamp": lambda z: z.clamp(-1, 1), "pool": lambda z: functional.max_pool1d(z[:, None], 2)[:, 0],
    "written out": lambda z: torch.where(z > 0, z, 0.1 * z), "mask": lambda z: z * (z > 0),
    "selu": functional.selu, "steep elu": lambda z: functional.elu(z, 2.0),
    "method": lambda z: z.relu(), "largest": lambda z: z - z.max(1, keepdim=True).values,
}  # fmt: skip
SMOOTH = {
    "gelu": functional.gelu, "silu": functional.silu, "tanh": torch.tanh, "elu": functional.elu,
    "softplus": functional.softplus, "celu": lambda z: functional.celu(z, 2.0),
    "softmax": lambda z: z.softmax(1),
}  # fmt: skip


@pytest.mark.parametrize("name", KINKED)
def test_functions_with_kinks_are_seen(name):
    assert has_kinks(Functional(KINKED[name]), torch.rand(2, *SHAPE))


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_functions_have_none(name):
    assert not has_kinks(Functional(SMOOTH[name]), torch.rand(2, *SHAPE))


def test_functions_that_bend_in_places_are_seen():
    bent = {"gelu", "silu", "tanh", "elu", "celu", "softplus", "softmax", "hardswish"}
    bent |= {"selu", "steep elu"}
    for name, function in (KINKED | SMOOTH).items():
        assert bends_in_places(Functional(function), torch.rand(2, *SHAPE)) == (name in bent)


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize(
    "name", ["resnet18", "preactresnet18", "cnn", "wideresnet", "dm_wideresnet"]
)
def test_our_own_networks(name, activation):
    section = {"name": name, "width": 4, "activation": activation, "pooling": "average"}
    section |= {"depth": 10, "widen_factor": 1}
    model = built_model(section, 3, SHAPE, 0)
    assert has_kinks(model, torch.rand(2, *SHAPE)) == (activation == "relu")


def test_attention_ensembles_and_norms_have_none_and_stay_as_they_are():
    for network in (users_networks.FusedAttention, users_networks.Ensemble, users_networks.Plain):
        model, x = network(3, SHAPE), torch.rand(2, *SHAPE)
        before = snapshot(model)
        assert not has_kinks(model, x)
        assert_same(before, snapshot(model))
