"""From a config's model section to a network."""

from typing import Any

import torch
from torch import nn

from advscape.models.resnet import SmallImageResNet18


def build_model(
    section: dict[str, Any], classes: int, shape: tuple[int, ...], seed: int
) -> nn.Module:
    """Make a network with weights drawn from the seed.

    Args:
        section: the config's model section.
        classes: number of logits.
        shape: (channels, height, width) of an input.
        seed: of the initial weights; the global random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return SmallImageResNet18(classes, shape[0], section["width"])
