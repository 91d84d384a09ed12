"""A run killed at any moment ends with the same bytes as one left alone."""

import os
import random
import shutil
import signal
import time
from functools import cache

import pytest
import torch

from advscape.training.average import ExponentialAverage, StochasticAverage
from advscape.training.checkpoint import Checkpoint
from advscape.training.updates import AdversarialWeights, Langevin, LocalEntropy, SharpnessAware
from tests.forks import FORKS
from tests.training.runs import network, run, written

KILLS = 20


def updates(name, model):
    if name == "awp":
        return AdversarialWeights(model, 0.9, 5e-4, gamma=0.01, warmup=1)
    if name == "sam":
        return SharpnessAware(model, 0.9, 5e-4, rho=0.05, adaptive=True)
    if name == "entropy_sgd":
        generator = torch.Generator().manual_seed(7)
        return LocalEntropy(model, 5e-4, Langevin(5, 0.03, 1e-3, 0.75, 1.0), generator)
    return None


def train_in(folder, name):
    """The whole of a run, with a checkpoint after every step."""
    model = network()
    average = {"ema": ExponentialAverage(0.9), "swa": StochasticAverage(0.5)}.get(name)
    run(
        folder, model=model, epochs=8, update=updates(name, model), every_s=0.0, average=average,
        snapshots=(2, 5) if average else (),
    )  # fmt: skip


@pytest.fixture(scope="module")
def left_alone(tmp_path_factory):
    """What a run writes that nothing stops, and how long it takes, made once for each update."""

    @cache
    def made(name):
        folder = tmp_path_factory.mktemp("whole")
        started = time.monotonic()
        train_in(folder, name)
        return written(folder), time.monotonic() - started

    return made


@pytest.mark.parametrize("name", ["ema", "entropy_sgd"])
def test_killed_at_twenty_random_moments(tmp_path, left_alone, name):
    broken = tmp_path
    whole, seconds = left_alone(name)
    rng, kills, longest = random.Random(0), 0, seconds / 6
    while kills < KILLS:
        process = FORKS.Process(target=train_in, args=(broken, name))
        process.start()
        process.join(rng.uniform(0, longest))
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            kills += process.exitcode == -signal.SIGKILL
        if (broken / "checkpoints").exists():  # it got to its end: begin a new one
            if not list(broken.glob("checkpoint*.safetensors")):
                assert written(broken) == whole
            shutil.rmtree(broken)
            broken.mkdir()
    train_in(broken, name)
    assert written(broken) == whole


class Stop(Exception):
    """Ends a run as a kill would."""


@pytest.mark.parametrize("name", ["awp", "sam", "entropy_sgd", "ema", "swa"])
@pytest.mark.parametrize("stop", [1, 2, 7])
def test_stopped_between_steps(tmp_path, left_alone, monkeypatch, caplog, name, stop):
    """Also where the loss is in the middle of an epoch of three steps."""
    whole, _ = left_alone(name)
    stopped_after(stop, monkeypatch, lambda: train_in(tmp_path, name))
    caplog.set_level("INFO", "advscape")
    train_in(tmp_path, name)
    assert f"resuming after step {stop} of 24" in caplog.text
    assert written(tmp_path) == whole


def stopped_after(saves, monkeypatch, work):
    """Leave checkpoints behind, as a kill would."""
    left, save = [saves], Checkpoint.save

    def save_and_stop(self, *state):
        save(self, *state)
        left[0] -= 1
        if left[0] == 0:
            raise Stop

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "save", save_and_stop)
        with pytest.raises(Stop):
            work()


def test_checkpoint_of_another_run_is_not_taken_up(tmp_path, monkeypatch, caplog):
    stopped_after(1, monkeypatch, lambda: run(tmp_path))
    caplog.set_level("INFO", "advscape")
    run(tmp_path, key="another")
    assert "resuming" not in caplog.text


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_damaged_checkpoint_is_named_and_the_one_before_it_used(
    tmp_path, monkeypatch, caplog, damage
):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    run(whole)
    stopped_after(2, monkeypatch, lambda: run(broken))
    file = broken / "checkpoint.safetensors"
    data = bytearray(file.read_bytes())
    data[-100] ^= 1
    file.write_bytes({"cut": data[:-50], "flipped": data, "empty": b""}[damage])
    caplog.set_level("INFO", "advscape")
    run(broken)
    assert f"{file} is damaged" in caplog.text
    assert "resuming after step 3 of 12" in caplog.text
    assert written(broken) == written(whole)


def test_with_both_checkpoints_damaged_it_starts_anew(tmp_path, monkeypatch):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    run(whole)
    stopped_after(2, monkeypatch, lambda: run(broken))
    for file in broken.glob("checkpoint*"):
        file.write_bytes(file.read_bytes()[:100])
    run(broken)
    assert written(broken) == written(whole)
