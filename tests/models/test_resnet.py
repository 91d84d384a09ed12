import pytest
import torch
from torch import nn
from torchvision.models import resnet18

from advscape.models.layout import use_fast_layout
from advscape.models.resnet import SmallImageResNet18
from advscape.models.state import load_weights, save_weights
from tests.networks import snapshot
from tests.sections import built_model

TINY = {"name": "resnet18", "width": 4, "activation": "relu"}


def test_full_width_is_torchvisions_but_for_stem_and_head():
    ours, theirs = SmallImageResNet18(10, (3, 32, 32)), resnet18(num_classes=10)
    theirs.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    theirs.maxpool = nn.Identity()
    theirs.load_state_dict(ours.state_dict())  # the same names and shapes
    x = torch.rand(2, 3, 32, 32)
    assert torch.allclose(ours.eval()(x), theirs.eval()(x), rtol=1e-5, atol=1e-5)
    assert sum(p.numel() for p in ours.parameters()) == 11_173_962  # the figure of the literature


@pytest.mark.parametrize("width", [4, 16, 48])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32)])
def test_any_width_and_shape(width, shape):
    model = SmallImageResNet18(5, shape, width)
    assert model(torch.rand(2, *shape)).shape == (2, 5)
    assert model.layer4[1].conv2.weight.shape[:2] == (8 * width, 8 * width)


@pytest.mark.parametrize(("name", "kind"), [("gelu", nn.GELU), ("silu", nn.SiLU)])
def test_another_activation_is_torchvisions_network_with_every_relu_exchanged(name, kind):
    ours, theirs = SmallImageResNet18(10, (3, 32, 32), activation=name), resnet18(num_classes=10)
    theirs.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    theirs.maxpool = nn.Identity()
    for block in (theirs, *(b for i in "1234" for b in getattr(theirs, f"layer{i}"))):
        block.relu = kind()
    theirs.load_state_dict(ours.state_dict())
    x = torch.rand(2, 3, 8, 8)
    assert torch.allclose(ours.eval()(x), theirs.eval()(x), rtol=1e-5, atol=1e-5)
    assert not any(isinstance(module, nn.ReLU) for module in ours.modules())


def test_initial_weights_are_distributed_as_torchvisions():
    torch.manual_seed(0)
    ours, theirs = (
        SmallImageResNet18(10, (3, 32, 32)).state_dict(),
        resnet18(num_classes=10).state_dict(),
    )
    for name, value in ours.items():
        if value.ndim < 2 or name == "conv1.weight":
            continue
        assert value.std().item() == pytest.approx(theirs[name].std().item(), rel=0.05), name
    for name in ("bn1.weight", "bn1.bias", "layer4.1.bn2.weight", "layer4.1.bn2.bias"):
        assert torch.equal(ours[name], theirs[name])


def test_seed_draws_the_weights_and_nothing_else():
    before = torch.get_rng_state()
    one, same, other = (built_model(TINY, 3, (1, 8, 8), seed) for seed in (0, 0, 1))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(one.fc.weight, same.fc.weight)
    assert not torch.equal(one.fc.weight, other.fc.weight)


def test_weights_read_back(tmp_path):
    one, other = (built_model(TINY, 3, (1, 8, 8), seed) for seed in (0, 1))
    one(torch.rand(8, 1, 8, 8))  # moves the running statistics
    save_weights(one.state_dict(), tmp_path / "weights.safetensors")
    load_weights(other, tmp_path / "weights.safetensors")
    for name, value in snapshot(one)["state"].items():
        assert torch.equal(value, other.state_dict()[name]), name


@pytest.mark.parametrize("name", ["resnet18", "preactresnet18", "cnn"])
def test_fast_layout_changes_rounding_only(name):
    section = {"name": name, "pooling": "max", "width": 4, "activation": "relu"}
    model = built_model(section, 3, (1, 8, 8), 0).eval()
    x = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    before = model(x)
    use_fast_layout(model)
    assert torch.allclose(model(x), before, atol=1e-5)
    assert list(model.state_dict()) == list(built_model(section, 3, (1, 8, 8), 0).state_dict())
