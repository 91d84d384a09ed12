"""A last batch of one sample, which batch norm cannot take."""

import math

import pytest
import torch
from torch import nn

from advscape.errors import UserError
from advscape.training.batches import count_batches, short_batch
from advscape.training.checkpoint import Checkpoint
from advscape.training.train import Loop, train
from advscape.training.updates import AdversarialWeights, Descent, Langevin, LocalEntropy
from tests.networks import assert_same, snapshot
from tests.sections import built_model
from tests.training.runs import network, recipe, samples
from tests.users_networks import Plain


def pooled(classes=3, norm=True):
    """Batch norm on one value per channel, or none."""
    layers = [nn.Flatten(), nn.Linear(64, 8), *([nn.BatchNorm1d(8)] if norm else [])]
    return nn.Sequential(*layers, nn.ReLU(), nn.Linear(8, classes))


class StandardisedByBatch(nn.Module):
    """A batch norm of the user's own: NaN for a single sample."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(64, 3)

    def forward(self, x):
        z = self.linear(x.flatten(1))
        return z if not self.training else (z - z.mean(0)) / z.std(0)


@pytest.mark.parametrize(
    ("model", "n", "size", "batches"),
    [
        (pooled(), 33, 32, 1),
        (pooled(), 65, 32, 2),
        (pooled(), 66, 32, 3),
        (pooled(), 64, 32, 2),
        (pooled(norm=False), 33, 32, 2),
        (pooled(norm=False), 5, 1, 5),
        (pooled(norm=False), 1, 32, 1),
        (Plain(3, (1, 8, 8)), 33, 32, 2),  # maps of 8 x 8: one sample has values enough
        (StandardisedByBatch(), 33, 32, 1),
    ],
)
def test_only_where_one_sample_cannot_go_through_it_joins_the_others(model, n, size, batches):
    x, _ = samples(n=n)
    before = snapshot(model)
    assert count_batches(model, x, size) == batches
    assert_same(before, snapshot(model))


@pytest.mark.parametrize(
    ("n", "size", "line"),
    [
        (90, 1, "training.batch_size: got 1; allowed: 2 or more"),
        (1, 32, "one training sample, but this network's batch norm needs two"),
        (1, 1, "one training sample, but this network's batch norm needs two"),
    ],
)
def test_where_nothing_can_be_joined_one_line_says_so(n, size, line):
    x, _ = samples(n=n)
    with pytest.raises(UserError, match=line) as error:
        count_batches(pooled(), x, size)
    assert "\n" not in str(error.value)


def test_every_sample_is_in_one_batch_of_each_epoch():
    x, y = samples(n=65)
    model = pooled()
    loop = Loop(model, x, y, recipe(model), 0, None)
    drawn = []
    for _ in range(2):
        sizes = []
        for _ in range(loop.batches):
            batch = loop.draw()
            sizes.append(len(batch.y))
            drawn += batch.places.tolist()
            loop.step += 1
        assert sizes == [32, 33]
    assert sorted(drawn) == sorted(2 * list(range(65)))


@pytest.mark.parametrize("kind", ["plain", "awp", "entropy"])
def test_a_resnet_trains_with_a_last_batch_of_one(tmp_path, kind):
    """Its last maps are of one pixel: without the join the last batch would be refused."""
    model = network()
    generator = torch.Generator().manual_seed(0)
    update = {
        "plain": lambda: Descent(model, 0.9, 5e-4),
        "awp": lambda: AdversarialWeights(model, 0.9, 5e-4, 0.005, 0),
        "entropy": lambda: LocalEntropy(model, 5e-4, Langevin(2, 0.03, 1e-4, 0.75, 1.0), generator),
    }[kind]()
    x, y = samples(n=33)
    checkpoint = Checkpoint(tmp_path / "c.safetensors", "key")
    found = train(model, x, y, recipe(model, epochs=2, update=update), 0, checkpoint)
    assert [math.isfinite(record["loss"]) for record in found.history] == [True, True]


def test_a_killed_training_goes_on_to_the_same_weights(tmp_path, monkeypatch):
    """Steps are counted as the joined batches are."""

    def build():
        return built_model({"name": "resnet18", "width": 4, "activation": "relu"}, 3, (1, 8, 8), 0)

    def go(folder):
        folder.mkdir(exist_ok=True)
        model = build()
        checkpoint = Checkpoint(folder / "c.safetensors", "key", every_s=0)
        train(model, *samples(n=65), recipe(model, epochs=2), 0, checkpoint)
        return model.state_dict()

    whole = go(tmp_path / "whole")
    batch = Loop.batch

    def dying(loop):
        if loop.step == 3:
            raise KeyboardInterrupt
        batch(loop)

    monkeypatch.setattr(Loop, "batch", dying)
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path / "killed")
    monkeypatch.setattr(Loop, "batch", batch)
    again = go(tmp_path / "killed")
    assert all(torch.equal(value, again[name]) for name, value in whole.items())


@pytest.mark.parametrize(
    ("n", "size", "few"),
    [(450, 64, 2), (450, 50, None), (630, 64, None), (449, 64, None), (5, 64, None), (10, 4, None)],
)
def test_a_few_samples_are_left_for_batch_norm(n, size, few):
    assert short_batch(pooled(), n, size) == few
    assert short_batch(pooled(norm=False), n, size) is None
