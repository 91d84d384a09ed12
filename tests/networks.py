"""Small networks and samples that tests share."""

import numpy as np
import torch
from torch import nn

from advscape.models.linear import LinearLogistic


def small_net(seed=0, dtype=torch.float64, activation=nn.Tanh):
    """A convolutional net with batch norm on 1 x 4 x 4 inputs and three classes."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = nn.Sequential(
            nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), activation(), nn.Flatten(),
            nn.Linear(48, 3),
        ).to(dtype)  # fmt: skip
        net.train()
        net(torch.randn(64, 1, 4, 4, dtype=dtype))  # running statistics of their own
    return net


def batch(n=10, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(n, 1, 4, 4, generator=generator, dtype=dtype)
    return x, torch.randint(0, 3, (n,), generator=generator)


def as_network(line):
    """A line of the exact theory as a torch model, float64."""
    net = LinearLogistic(len(line.w)).double()
    with torch.no_grad():
        net.linear.weight.copy_(torch.from_numpy(line.w)[None])
        net.linear.bias.copy_(torch.from_numpy(np.array([line.b])))
    return net


def snapshot(model):
    """Everything of a model that a caller may rely on."""
    return {
        "state": {k: v.clone() for k, v in model.state_dict().items()},
        "modes": [m.training for m in model.modules()],
        "wants": [p.requires_grad for p in model.parameters()],
        "grads": [None if p.grad is None else p.grad.clone() for p in model.parameters()],
        "rng": torch.get_rng_state(),
    }


def assert_same(one, two):
    assert one["modes"] == two["modes"]
    assert one["wants"] == two["wants"]
    assert torch.equal(one["rng"], two["rng"])
    for name, value in one["state"].items():
        assert torch.equal(value, two["state"][name]), name
    for a, b in zip(one["grads"], two["grads"], strict=True):
        assert (a is None and b is None) or torch.equal(a, b)
