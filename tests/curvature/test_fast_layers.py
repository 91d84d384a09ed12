"""Networks with fast layers give torch's own numbers and are left as they were."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from advscape.curvature.fast_layers import fast_layers
from advscape.models.cnn import SmallCNN
from advscape.models.preact import PreActResNet18
from advscape.models.resnet import SmallImageResNet18


class Twice(nn.Module):
    """A convolution that runs twice, one whose output goes two ways, and one of its own kind."""

    def __init__(self):
        super().__init__()
        self.twice = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.fork = nn.Conv2d(3, 4, 3, padding="same")
        self.both = nn.Conv2d(4, 4, 1)
        self.after = nn.BatchNorm2d(4)
        self.last = nn.Conv2d(4, 2, 1, padding=1, padding_mode="circular")

    def forward(self, x):
        x = torch.tanh(self.norm(self.twice(torch.tanh(self.twice(x)))))
        x = self.both(torch.tanh(self.fork(x)))
        return self.last(self.after(x) + x).mean(dim=(2, 3))


class Sequence1d(nn.Sequential):
    """Convolutions in one dimension, with a bias before a batch norm."""

    def __init__(self):
        super().__init__(
            nn.Flatten(2), nn.Conv1d(3, 4, 5, stride=2), nn.BatchNorm1d(4), nn.SiLU(),
            nn.Flatten(), nn.LazyLinear(10),
        )  # fmt: skip
        self(torch.zeros(1, 3, 8, 8))


MODELS = {
    "resnet": lambda: SmallImageResNet18(10, (3, 32, 32), width=4, activation="gelu"),
    "preact": lambda: PreActResNet18(10, (3, 32, 32), width=4, activation="silu"),
    "cnn": lambda: SmallCNN(10, (3, 8, 8), width=4, activation="gelu"),
    "twice": Twice,
    "one dimension": Sequence1d,
}


def network(name):
    """In float64 and eval mode, its statistics and affine parameters not those of a fresh one."""
    torch.manual_seed(0)
    model = MODELS[name]().double().eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            for tensor in (module.weight.data, module.bias.data, module.running_mean):
                tensor.normal_()
            module.running_var.uniform_(0.5, 2)
    return model


def second_derivatives(model, x, y, vectors):
    weights = [*model.parameters()]
    slopes = torch.autograd.grad(
        functional.cross_entropy(model(x), y), [x, *weights], create_graph=True
    )
    return torch.autograd.grad(slopes, [x, *weights], vectors, materialize_grads=True)


@pytest.mark.parametrize("name", MODELS)
def test_second_derivatives_are_torchs(name):
    model = network(name)
    x = torch.randn(5, 3, 8, 8, dtype=torch.float64, requires_grad=True)
    y = torch.tensor([0, 1, 0, 1, 1])
    vectors = [torch.randn_like(value) for value in [x, *model.parameters()]]
    plain = second_derivatives(model, x, y, vectors)
    with fast_layers(model):
        fast = second_derivatives(model, x, y, vectors)
    for one, other in zip(plain, fast, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


def norms_in_the_graph(model):
    """How many batch norms the graph of a network's output goes through."""
    with fast_layers(model):
        todo = [model(torch.randn(2, 3, 8, 8, dtype=torch.float64)).grad_fn]
    seen = set()
    while todo:
        node = todo.pop()
        if node is not None and node not in seen:
            seen.add(node)
            todo += [other for other, _ in node.next_functions]
    return sum("BatchNorm" in node.name() for node in seen)


@pytest.mark.parametrize("name", ["resnet", "preact", "one dimension"])
def test_no_graph_has_torchs_batch_norm(name):
    """Neither after a convolution nor, as half of the pre-activation network's, after a sum."""
    assert norms_in_the_graph(network(name)) == 0


def probe(model, x):
    with fast_layers(model):
        model(x)


def test_the_model_is_left_as_it_was():
    model = network("resnet")
    model.layer1[0].conv1.forward = given = model.layer1[0].conv1.forward
    before = {name: dict(vars(m)) for name, m in model.named_modules()}
    x = torch.zeros(1, 3, 8, 8)  # float32, the network is in float64: an error within the block
    with pytest.raises(RuntimeError):
        probe(model, x)
    for name, module in model.named_modules():
        assert vars(module).keys() == before[name].keys(), name
    assert model.layer1[0].conv1.forward is given
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
