"""What attack and curvature benchmarks share: enlarged digits and a network that has seen them."""

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

from advscape.attacks.pgd import PGD
from advscape.machine.processor import bfloat16_flags
from advscape.models.resnet import SmallImageResNet18
from advscape.threat import ThreatModel

EPSILON, BATCH = 0.5, 128


def samples(size: int, count: int) -> dict[str, tuple[Tensor, Tensor]]:
    """The digits at this size with 3 channels: ``count`` of them under "test"."""
    digits = load_digits()
    order = torch.randperm(len(digits.target), generator=torch.Generator().manual_seed(0))
    x = torch.tensor(digits.images, dtype=torch.float32)[order, None] / 16
    x = functional.interpolate(x, size=(size, size), mode="bilinear").repeat(1, 3, 1, 1)
    y = torch.tensor(digits.target)[order]
    return {"test": (x[:count], y[:count]), "train": (x[count:], y[count:])}


def network(
    x: Tensor,
    y: Tensor,
    steps: int,
    activation: str = "relu",
    *,
    epsilon: float = EPSILON,
    batch: int = BATCH,
    rate: float = 0.02,
    width: int = 64,
) -> nn.Module:
    """A ResNet-18 (64: full width) in eval mode, after some steps of SGD on perturbed inputs."""
    torch.manual_seed(0)
    model = SmallImageResNet18(10, (3, 32, 32), width, activation)
    model.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, weight_decay=5e-4)
    attack = PGD(ThreatModel("l2", epsilon, box=True), steps=2)
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        chosen = torch.randint(len(y), (batch,), generator=generator)
        with torch.autocast("cpu", torch.bfloat16, enabled=bool(bfloat16_flags())):
            perturbed = x[chosen]
            if epsilon > 0:
                perturbed = attack(model, perturbed, y[chosen], generator, batch_norm="train")
            outputs = model(perturbed)
        optimizer.zero_grad()
        functional.cross_entropy(outputs.float(), y[chosen]).backward()
        optimizer.step()
    return model.to(memory_format=torch.contiguous_format).eval()
