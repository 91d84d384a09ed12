"""Which networks get channels last."""

import pytest
import torch

from advscape.models.layout import use_fast_layout
from tests.sections import built_model


@pytest.mark.parametrize(("width", "fast"), [(2, False), (4, False), (6, False), (8, True)])
@pytest.mark.parametrize("name", ["resnet18", "preactresnet18"])
def test_narrow_resnets_keep_torchs_own_layout_on_a_cpu(name, width, fast):
    """With channels last a step of training ended in a corrupted heap, on torch 2.15."""
    model = built_model({"name": name, "width": width, "activation": "relu"}, 3, (1, 8, 8), 0)
    use_fast_layout(model)
    weight = model.layer1[0].conv2.weight
    assert weight.is_contiguous(memory_format=torch.channels_last) is fast
    for _ in range(3):
        model(torch.rand(60, 1, 8, 8)).sum().backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())
