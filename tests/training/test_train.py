"""Training: it learns, it repeats, it measures itself, and it says when it cannot go on."""

import random

import numpy as np
import pytest
import torch
from torch import nn

from advscape.attacks.perturb import perturb
from advscape.attacks.pgd import PGD
from advscape.errors import UserError
from advscape.evaluation.evaluate import score
from advscape.models.state import load_weights
from advscape.threat import ThreatModel
from advscape.training.checkpoint import Checkpoint
from advscape.training.train import train
from tests.training.runs import network, recipe, run, samples, written


@pytest.mark.parametrize("bfloat16", [False, True])
def test_it_learns_to_be_robust(tmp_path, bfloat16):
    model, found = run(tmp_path, epochs=15, bfloat16=bfloat16)
    x, y = samples(1)
    attack = PGD(ThreatModel("l2", 0.3), steps=10)
    robust = score(model, perturb(model, x, y, attack, seed=0, batch_size=50), y, batch_size=50)
    assert robust.accuracy > 0.9
    assert found.history[-1]["loss"] < 0.5 * found.history[0]["loss"]
    assert [record["epoch"] for record in found.history] == list(range(1, 16))


def test_twice_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        run(tmp_path / name)
    assert written(tmp_path / "a") == written(tmp_path / "b")


def test_the_best_epoch_is_the_one_with_the_highest_validation_accuracy(tmp_path):
    _, found = run(tmp_path, epochs=6, learning_rate=0.02)
    accuracies = [record["validation_accuracy"] for record in found.history]
    assert found.best_epoch == 1 + int(np.argmax(accuracies))
    best = network()
    load_weights(best, tmp_path / "best.safetensors")
    x, y = samples(2, 30)
    attack = PGD(ThreatModel("l2", 0.3), steps=2)
    again = score(best, perturb(best, x, y, attack, seed=0, batch_size=32), y, batch_size=32)
    assert again.accuracy == max(accuracies)


def test_measuring_does_not_change_the_run(tmp_path):
    measured, _ = run(tmp_path)
    model = network()
    train(model, *samples(), recipe(model), 0, Checkpoint(tmp_path / "other.safetensors", "key"))
    for one, two in zip(model.parameters(), measured.parameters(), strict=True):
        assert torch.equal(one, two)


def test_global_random_states_are_left_alone(tmp_path):
    rng = np.random  # the global one is what is meant

    def draws():
        return random.random(), rng.rand(), torch.rand(1).item()

    def seed():
        random.seed(1)
        rng.seed(1)
        torch.manual_seed(1)

    seed()
    expected = draws()
    seed()
    run(tmp_path)
    assert draws() == expected


class Greedy(nn.Module):
    """Runs out of memory with more than so many samples."""

    def __init__(self, inner, limit):
        super().__init__()
        self.inner, self.limit = inner, limit

    def forward(self, x):
        if len(x) > self.limit:
            raise torch.OutOfMemoryError("pretended")
        return self.inner(x)


def plain_network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.GELU(), nn.Linear(16, 3)).double()


def test_out_of_memory_halves_the_micro_batch_with_the_same_maths(tmp_path, caplog):
    x, y = samples()
    trained = []
    for limit in (1000, 10):
        model = Greedy(plain_network(), limit)
        checkpoint = Checkpoint(tmp_path / f"{limit}", "key")
        found = train(model, x.double(), y, recipe(model), 0, checkpoint)
        trained.append((found.history, list(model.parameters())))
    assert "going on with 16 samples" in caplog.text
    assert "going on with 8 samples" in caplog.text
    for one, two in zip(trained[0][1], trained[1][1], strict=True):
        assert torch.allclose(one, two, atol=1e-12)
    losses = [[record["loss"] for record in history] for history, _ in trained]
    assert np.allclose(*losses, rtol=1e-6)


def test_out_of_memory_with_batch_norm_names_the_setting(tmp_path):
    model = Greedy(network(), 10)
    with pytest.raises(UserError, match=r"lower training.batch_size \(now 32\)"):
        train(model, *samples(), recipe(model), 0, Checkpoint(tmp_path / "c", "key"))
