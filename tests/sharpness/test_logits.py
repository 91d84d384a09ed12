import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from advscape.sharpness.logits import normalised_logits, normalised_losses


def logits(n=6, classes=4, seed=0):
    return torch.randn(
        n, classes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )


@given(factor=st.floats(1e-3, 1e3), shift=st.floats(-10, 10))
def test_neither_the_scale_nor_the_shift_of_logits_matters(factor, shift):
    one, other = normalised_logits(logits()), normalised_logits(factor * logits() + shift)
    assert torch.allclose(one, other, atol=1e-10)


def test_each_sample_has_length_1_around_0():
    found = normalised_logits(logits())
    assert torch.allclose(found.norm(dim=1), torch.ones(6, dtype=torch.float64))
    assert torch.allclose(found.mean(dim=1), torch.zeros(6, dtype=torch.float64), atol=1e-15)


def test_losses_are_the_cross_entropy_and_finite_where_all_logits_are_equal():
    y = torch.tensor([0, 1, 2, 3, 0, 1])
    wanted = torch.nn.functional.cross_entropy(normalised_logits(logits()), y, reduction="none")
    assert torch.allclose(normalised_losses(logits(), y), wanted)
    level = normalised_losses(torch.ones(6, 4, dtype=torch.float64), y)
    assert torch.allclose(level, torch.full_like(level, 4.0).log())


def test_a_single_logit_is_refused():
    with pytest.raises(ValueError, match="outputs: got a single logit"):
        normalised_logits(logits(classes=1))
