import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from advscape.losses import (
    correct,
    gap_probabilities,
    logit_gaps,
    precise_losses,
    sample_losses,
    true_probability,
)


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=8), st.integers(0, 255))
def test_a_single_logit_is_two_logits_of_which_one_is_zero(logits, bits):
    z = torch.tensor(logits, dtype=torch.float64)[:, None]
    y = torch.tensor([(bits >> i) & 1 for i in range(len(logits))])
    two = torch.cat([torch.zeros_like(z), z], dim=1)
    assert torch.allclose(sample_losses(z, y), sample_losses(two, y), rtol=1e-12, atol=1e-14)
    assert torch.allclose(true_probability(z, y), two.softmax(1)[range(len(y)), y])
    decided = z[:, 0] != 0
    assert torch.equal(correct(z, y)[decided], correct(two, y)[decided])


@given(st.integers(0, 100), st.sampled_from([1, 2, 5]))
def test_precise_losses_are_the_same_losses_with_the_same_derivatives(seed, classes):
    generator = torch.Generator().manual_seed(seed)
    z = 5 * torch.randn(6, classes, generator=generator, dtype=torch.float64)
    y = torch.randint(0, max(classes, 2), (6,), generator=generator)
    for loss in (sample_losses, precise_losses):
        hessian = torch.func.hessian(lambda v, loss=loss: loss(v, y).sum())(z)
        gradient = torch.func.grad(lambda v, loss=loss: loss(v, y).sum())(z)
        if loss is sample_losses:
            expected = loss(z, y), gradient, hessian
    found = precise_losses(z, y), gradient, hessian
    for one, two in zip(found, expected, strict=True):
        assert torch.allclose(one, two, rtol=1e-10, atol=1e-13)
    gaps = logit_gaps(z, y)
    assert gaps.shape == (6, max(classes - 1, 1))
    assert torch.allclose(gap_probabilities(gaps)[:, 0], true_probability(z, y))


@pytest.mark.parametrize("classes", [1, 2, 5])
def test_precise_losses_have_gradients_at_margins_where_float32_has_none(classes):
    """Against float64; the other class's logit is 5 to 80 below the true one."""
    z = torch.zeros(16, classes)
    margins = torch.arange(5, 85, 5)
    z[:, -1] = margins
    if classes > 2:
        z[:, 1:-1] = torch.linspace(0, 3, 16)[:, None]
    y = torch.full((16,), max(classes, 2) - 1)

    def curvature(z):
        gradient = torch.func.grad(lambda v: precise_losses(v, y).sum())
        return gradient(z), torch.func.jvp(gradient, (z,), (z / (1 + z.square()),))[1]

    for found, exact in zip(curvature(z), curvature(z.double()), strict=True):
        assert (exact[:, -1] != 0).all()
        assert torch.allclose(found.double(), exact, rtol=1e-5, atol=0)
    assert torch.func.grad(lambda v: sample_losses(v, y).sum())(z)[4:, -1].abs().max() < (
        1e-30 if classes > 1 else 1
    )
