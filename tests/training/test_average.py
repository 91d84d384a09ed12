"""Averages of weights against their definitions and torch's own."""

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

from advscape.training.average import (
    ExponentialAverage,
    StochasticAverage,
    estimate_statistics,
)
from advscape.training.checkpoint import Checkpoint
from advscape.training.train import train
from tests.networks import small_net
from tests.training.runs import network, recipe, run, samples, written


def moved(model, steps):
    """The model's parameters after each of some random moves."""
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn(parameter.shape, generator=generator))
        yield list(model.parameters())


def test_exponential_average_is_torch_s():
    model, average = small_net(), ExponentialAverage(0.8)
    theirs = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.8))
    for parameters in moved(model, 6):
        average.step(parameters)
        theirs.update_parameters(model)
    for mean, other in zip(average.means, theirs.parameters(), strict=True):
        assert torch.allclose(mean, other, atol=1e-6)


@pytest.mark.parametrize(("start", "first"), [(0.0, 1), (0.5, 6), (0.75, 8), (0.79, 8)])
def test_stochastic_average_is_the_mean_of_the_later_epochs(start, first):
    model, average, kept = small_net(), StochasticAverage(start), []
    for epoch, parameters in enumerate(moved(model, 10), 1):
        average.end_epoch(parameters, epoch, 10)
        if epoch >= first:
            kept.append([parameter.detach().clone() for parameter in parameters])
    for mean, *values in zip(average.means, *kept, strict=True):
        assert torch.allclose(mean, torch.stack(values).mean(0), atol=1e-5)


def test_statistics_are_those_that_torch_estimates():
    x, _ = samples()
    ours = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU())
    theirs = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU())
    theirs.load_state_dict(ours.state_dict())
    ours.eval()
    estimate_statistics(ours, lambda: iter(x.split(30)))
    update_bn(list(x.split(30)), theirs)
    assert not ours[1].training
    assert ours[1].momentum == theirs[1].momentum
    for name in ("running_mean", "running_var"):
        assert torch.allclose(getattr(ours[1], name), getattr(theirs[1], name), atol=1e-6)


@pytest.mark.parametrize("average", [ExponentialAverage(0.9), StochasticAverage(0.5)])
def test_an_average_changes_no_weight_of_the_run(tmp_path, average):
    for name, kept in (("with", average), ("without", None)):
        (tmp_path / name).mkdir()
        _, found = run(tmp_path / name, average=kept, snapshots=(1, 3) if kept else ())
        assert bool(found.averaged) == (kept is not None)
    with_them, without = written(tmp_path / "with"), written(tmp_path / "without")
    assert without.items() <= with_them.items()
    extra = {"averaged.safetensors", "epoch~1.safetensors", "epoch~3.safetensors"}
    assert set(with_them) - set(without) == {f"checkpoints/{name}" for name in extra}


def test_averaged_weights_work_with_their_statistics(tmp_path):
    """Weights of a long average are not those of the last step, and classify all the same."""
    model = network()
    found = train(
        model, *samples(), recipe(model, epochs=15, average=StochasticAverage(0.6)), 0,
        Checkpoint(tmp_path / "c", "key"),
    )  # fmt: skip
    averaged = network()
    averaged.load_state_dict(found.averaged)
    x, y = samples(1)
    assert any(
        not torch.equal(one, two)
        for one, two in zip(averaged.parameters(), model.parameters(), strict=True)
    )
    with torch.no_grad():
        assert (averaged.eval()(x).argmax(1) == y).float().mean() > 0.9
