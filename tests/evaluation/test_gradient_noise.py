"""The noise of gradients against covariances taken sample by sample."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from advscape.evaluation.gradient_noise import gradient_noise
from tests.networks import assert_same, batch, small_net, snapshot


def samples_gradients(model, x, y):
    found = []
    for i in range(len(y)):
        loss = functional.cross_entropy(model(x[i : i + 1]), y[i : i + 1])
        found.append(
            torch.cat([g.flatten() for g in torch.autograd.grad(loss, model.parameters())])
        )
    return torch.stack(found)


def test_with_batches_of_one_it_is_the_samples_covariance(generator):
    model, (x, y) = small_net().eval(), batch(16)
    found = gradient_noise(model, x, y, generator)
    expected = samples_gradients(model, x, y).T.cov().trace()
    assert found.value == pytest.approx(float(expected), rel=1e-9)
    assert found.batches == 16


def test_batches_tell_the_same_within_their_error(generator):
    """Samples that stand class by class."""
    model = small_net().eval()
    told = []
    for seed in range(20):
        generator.manual_seed(seed)
        x = torch.rand(160, *batch()[0].shape[1:], generator=generator).double()
        y = torch.arange(160) // 54
        found = gradient_noise(model, x, y, generator)
        expected = float(samples_gradients(model, x, y).T.cov().trace())
        told.append((found.value - expected) / found.stderr)
    assert np.abs(np.mean(told)) < 3 / np.sqrt(20) * max(1.0, np.std(told))
    assert np.std(told) < 2


def test_the_model_is_left_as_it_was_and_a_single_sample_has_none(generator):
    model, (x, y) = small_net().train(), batch(20)
    before = snapshot(model)
    gradient_noise(model, x, y, generator)
    assert_same(before, snapshot(model))
    assert gradient_noise(model, x[:1], y[:1], generator) is None
