import pytest
import torch
from torch.nn import functional

from advscape.evaluation.evaluate import score
from tests.networks import assert_same, batch, small_net, snapshot


@pytest.mark.parametrize("size", [1, 3, 10, 100])
def test_means_are_exact_for_any_batch_size(size):
    model, (x, y) = small_net().train(), batch(10)
    before = snapshot(model)
    result = score(model, x, y, size)
    assert_same(before, snapshot(model))
    outputs = model.eval()(x)
    p = outputs.softmax(1)[torch.arange(10), y]
    assert result.loss == pytest.approx(functional.cross_entropy(outputs, y).item(), rel=1e-12)
    assert result.accuracy == pytest.approx((outputs.argmax(1) == y).double().mean().item())
    assert result.mean_p1p == pytest.approx((p * (1 - p)).mean().item(), rel=1e-10)
    assert result.n == 10
