import torch
from hypothesis import given
from hypothesis import strategies as st

from advscape.losses import correct, sample_losses, true_probability


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=8), st.integers(0, 255))
def test_a_single_logit_is_two_logits_of_which_one_is_zero(logits, bits):
    z = torch.tensor(logits, dtype=torch.float64)[:, None]
    y = torch.tensor([(bits >> i) & 1 for i in range(len(logits))])
    two = torch.cat([torch.zeros_like(z), z], dim=1)
    assert torch.allclose(sample_losses(z, y), sample_losses(two, y), rtol=1e-12, atol=1e-14)
    assert torch.allclose(true_probability(z, y), two.softmax(1)[range(len(y)), y])
    decided = z[:, 0] != 0
    assert torch.equal(correct(z, y)[decided], correct(two, y)[decided])
