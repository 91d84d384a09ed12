"""Networks of torchvision and timm: what they are made with, for which images.

A stand-in takes timm's place; where timm is installed, one of its networks is made too.
"""

import sys

import pytest
import torch
from torch import nn
from torchvision import models

from advscape.errors import UserError
from advscape.models.architectures import torchvision_architectures
from advscape.models.from_torchvision import take_channels
from tests.sections import built_model


def built(architecture, shape=(3, 32, 32), kind="torchvision", **options):
    section = {"name": kind, "architecture": architecture, "options": options}
    return built_model(section, 5, shape)


def test_the_names_that_are_read_are_torchvisions():
    assert torchvision_architectures() == sorted(models.list_models(module=models))


def test_without_torchvisions_files_there_are_no_names(monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    assert torchvision_architectures() == []


def test_the_network_is_torchvisions():
    model = built("resnet18")
    torch.manual_seed(0)
    expected = models.resnet18(num_classes=5)
    x = torch.rand(4, 3, 32, 32)
    assert torch.equal(model(x), expected(x))


@pytest.mark.parametrize(
    ("architecture", "shape", "options"),
    [
        ("resnet18", (1, 28, 28), {}),
        ("mobilenet_v3_small", (4, 32, 32), {}),
        ("shufflenet_v2_x0_5", (2, 33, 47), {}),
        ("vit_b_32", (1, 32, 32), {"image_size": 32}),
        ("googlenet", (1, 64, 64), {"init_weights": False}),
        ("vgg11", (1, 32, 32), {"dropout": 0.1}),
    ],
)
def test_images_of_other_channels(architecture, shape, options):
    model = built(architecture, shape, **options)
    torch.manual_seed(0)
    before = models.get_model(architecture, weights=None, num_classes=5, **options)
    first = next(m for m in model.modules() if isinstance(m, nn.Conv2d))
    theirs = next(m for m in before.modules() if isinstance(m, nn.Conv2d))
    assert first.weight.shape[1] == first.in_channels == shape[0]
    assert first.weight.std().item() == pytest.approx(theirs.weight.std().item(), rel=0.1)
    assert str(first).split(",", 1)[1] == str(theirs).split(",", 1)[1]  # all but the channels
    assert model.train()(torch.rand(4, *shape)).shape == (4, 5)


@pytest.mark.parametrize("network", [nn.Linear(3, 4), nn.Conv2d(4, 4, 1)])
def test_networks_that_begin_with_something_else(network):
    with pytest.raises(UserError, match="got images of 1 channels; allowed: 3, since the network"):
        take_channels(network, 1)


@pytest.mark.parametrize("given", [True, False])
def test_auxiliary_logits_only_if_options_say_so(given):
    options = {"aux_logits": True} if given else {}
    model = built("googlenet", (3, 64, 64), init_weights=False, **options)
    assert (model.aux1 is not None) is given


def test_an_unknown_architecture_is_one_line():
    # a network of torchvision, but not for classification
    with pytest.raises(UserError) as caught:
        built("fcn_resnet50")
    assert str(caught.value).startswith(
        "model torchvision: got the architecture 'fcn_resnet50'; allowed: one of "
    )
    assert ", such as " in str(caught.value)


def test_an_unknown_option_is_one_line():
    with pytest.raises(UserError, match=r"^model torchvision: TypeError: .* argument 'width'$"):
        built("resnet18", width=4)


STAND_IN = """
from torch import nn

def is_model(name):
    return name in list_models()

def list_models():
    return ["resnet10t", "vit_tiny"]

def create_model(name, pretrained, num_classes, in_chans, **options):
    model = nn.Sequential(
        nn.Conv2d(in_chans, 4, 3), nn.Flatten(), nn.LazyLinear(num_classes)
    )
    model.asked = (name, pretrained, num_classes, in_chans, options)
    return model
"""


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """A module called timm."""
    (tmp_path / "timm.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "timm", raising=False)
    yield
    del sys.modules["timm"]


def test_timm_is_asked_for_a_network_without_weights(stand_in):
    model = built("vit_tiny", (2, 8, 8), "timm", img_size=8)
    assert model.asked == ("vit_tiny", False, 5, 2, {"img_size": 8})


def test_an_unknown_architecture_of_timm_is_one_line(stand_in):
    with pytest.raises(UserError) as caught:
        built("resnet10", (2, 8, 8), "timm")
    assert str(caught.value) == (
        "model timm: got the architecture 'resnet10'; allowed: one of 2 names, such as resnet10t"
    )


def test_a_network_of_timm_itself():
    pytest.importorskip("timm")
    model = built("resnet10t", (2, 32, 32), "timm")
    assert model.train()(torch.rand(4, 2, 32, 32)).shape == (4, 5)
    transformer = built("vit_tiny_patch16_224", (1, 28, 28), "timm", img_size=28, patch_size=7)
    assert transformer(torch.rand(4, 1, 28, 28)).shape == (4, 5)
    with pytest.raises(UserError, match="got the architecture 'resnet10'; allowed: one of"):
        built("resnet10", (3, 32, 32), "timm")
