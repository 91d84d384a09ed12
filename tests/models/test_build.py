"""Every model of a config: what it is made into, from which seed, and that nothing else moves."""

import random
import string  # noqa: F401  so that the standard library's is loaded
import sys

import pytest
import torch
from torch import nn

from advscape.errors import UserError
from advscape.models.cnn import SmallCNN
from advscape.models.dm_wide_resnet import DMWideResNet
from advscape.models.preact import PreActResNet18
from advscape.models.resnet import SmallImageResNet18
from advscape.models.wide_resnet import WideResNet
from tests.sections import built_model

SECTIONS = [
    (SmallImageResNet18, {"name": "resnet18", "width": 4, "activation": "relu"}),
    (PreActResNet18, {"name": "preactresnet18", "width": 4, "activation": "silu"}),
    (SmallCNN, {"name": "cnn", "pooling": "max", "width": 4, "activation": "gelu"}),
    (WideResNet, {"name": "wideresnet", "depth": 10, "widen_factor": 1, "sub_block1": True}),
    (DMWideResNet, {"name": "dm_wideresnet", "depth": 10, "widen_factor": 1}),
    (
        nn.Sequential,
        {"name": "custom", "function": "own_networks:mlp", "label": "mlp", "options": {"width": 5}},
    ),
]
OWN = """
import torch
from torch import nn

def mlp(classes, shape, width=3):
    c, h, w = shape
    return nn.Sequential(
        nn.Flatten(), nn.BatchNorm1d(c * h * w), nn.Linear(c * h * w, width), nn.Dropout(0.5),
        nn.Linear(width, classes),
    )

class Classy(nn.Linear):
    def __init__(self, classes, shape):
        super().__init__(shape[0] * shape[1] * shape[2], classes)
    def forward(self, x):
        return super().forward(x.flatten(1))

class Noisy(Classy):
    def forward(self, x):
        return super().forward(x + torch.rand_like(x))

def wrong_shape(classes, shape):
    return mlp(classes + 1, shape)

def no_module(classes, shape):
    return mlp

def not_finite(classes, shape):
    model = mlp(classes, shape)
    nn.init.constant_(model[4].bias, float("nan"))
    return model

class Two(Classy):
    def forward(self, x):
        return super().forward(x), x

def broken(classes, shape):
    raise ValueError("out of\\n  luck")

def too_deep(classes, shape):
    return nn.Sequential(*[nn.MaxPool2d(2)] * 5, mlp(classes, (1, 1, 1)))

def tied(classes, shape):
    again = [nn.Linear(classes, classes), nn.Linear(classes, classes)]
    model = nn.Sequential(mlp(classes, shape), *again)
    model[2].weight = model[1].weight
    return model
"""


@pytest.fixture(autouse=True)
def own_networks(tmp_path, monkeypatch):
    """A module of the user's own in the current folder."""
    (tmp_path / "own_networks.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop("own_networks", None)


def custom(function, **options):
    section = {"name": "custom", "function": function, "label": "x", "options": options}
    return built_model(section, 3, (2, 8, 8), seed=0)


@pytest.mark.parametrize(("kind", "section"), SECTIONS, ids=lambda value: str(value)[:24])
def test_seed_draws_the_weights_and_nothing_else_moves(kind, section):
    before = torch.get_rng_state(), random.getstate()
    one, same, other = (built_model(section, 3, (2, 8, 8), seed) for seed in (0, 0, 1))
    after = torch.get_rng_state(), random.getstate()
    assert torch.equal(before[0], after[0])
    assert before[1] == after[1]
    assert type(one) is kind
    assert all(map(torch.equal, one.state_dict().values(), same.state_dict().values()))
    assert not all(map(torch.equal, one.state_dict().values(), other.state_dict().values()))
    assert all(module.training for module in one.modules())
    assert all(parameter.requires_grad for parameter in one.parameters())
    for module in one.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            assert module.num_batches_tracked == 0
            assert not module.running_mean.any()


def test_options_and_classes_as_functions():
    assert custom("own_networks:mlp", width=7)[2].out_features == 7
    assert custom("own_networks:Classy").in_features == 2 * 8 * 8


def test_a_forward_pass_that_draws_leaves_the_global_state():
    before = torch.get_rng_state()
    custom("own_networks:Noisy")
    assert torch.equal(before, torch.get_rng_state())


BAD = {
    "wrong_shape": "its output for inputs (2, 2, 8, 8) is (2, 4); allowed: (2, 3), one logit per "
    "class",
    "no_module": "it returned a function; allowed: a torch.nn.Module",
    "not_finite": "its output is not finite at its initial weights; allowed: finite logits",
    "Two": "its output in eval mode is a tuple; allowed: a tensor of logits",
    "broken": "ValueError: out of luck",
    "tied": "1.weight and 2.weight share a tensor; tied weights are not supported",
}


@pytest.mark.parametrize(("function", "line"), BAD.items())
def test_what_does_not_fit_is_one_line(function, line):
    with pytest.raises(UserError) as caught:
        custom(f"own_networks:{function}")
    assert str(caught.value) == f"model custom (own_networks:{function}): {line}"


def test_a_wrong_option_is_one_line():
    with pytest.raises(UserError, match=r"TypeError: .* unexpected keyword argument 'depth'$"):
        custom("own_networks:mlp", depth=2)


def test_too_small_images_are_one_line(caplog):
    with pytest.raises(UserError, match=r"^model custom \(own_networks:too_deep\): RuntimeError: "):
        custom("own_networks:too_deep")
    assert "Traceback" in caplog.text
    with pytest.raises(UserError, match=r"^model cnn: got images of 2 x 2 pixels; allowed: "):
        built_model(SECTIONS[2][1], 3, (1, 2, 2), seed=0)


def test_a_name_that_python_has_given_away_is_one_line(tmp_path):
    (tmp_path / "string.py").write_text(OWN)
    with pytest.raises(UserError, match=r"another module is called string; rename string\.py"):
        custom("string:mlp")
