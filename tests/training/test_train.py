"""Training: it learns, it repeats, and a killed run ends with the same bytes."""

import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from advscape.attacks.pgd import PGD
from advscape.errors import UserError
from advscape.evaluation.evaluate import perturb, score
from advscape.models.build import build_model
from advscape.models.state import save_weights
from advscape.threat import ThreatModel
from advscape.training.train import Checkpoint, Schedule, train
from tests.conftest import ROOT

N = 90
MODEL = {"name": "resnet18", "width": 4, "activation": "relu"}


def samples(seed=0):
    """Three classes of 8x8 images: a bright column each, with noise."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(N) % 3
    x = 0.3 * torch.rand(N, 1, 8, 8, generator=generator)
    x[torch.arange(N), 0, :, 2 * y] += 0.6
    return x, y


def run(folder, epochs=4, key="key", epsilon=0.3, learning_rate=0.05, precision=torch.float32):
    torch.set_num_threads(1)
    model = build_model(MODEL, 3, (1, 8, 8), seed=0)
    history = train(
        model,
        *samples(),
        PGD(ThreatModel("l2", epsilon), steps=2),
        Schedule(epochs, 32, learning_rate, 0.9, 5e-4),
        seed=0,
        precision=precision,
        checkpoint=Checkpoint(folder / "checkpoint.safetensors", key),
    )
    save_weights(model, folder / "weights.safetensors")
    return model, history


def weights(folder):
    return (folder / "weights.safetensors").read_bytes()


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_it_learns_to_be_robust(tmp_path, precision):
    model, history = run(tmp_path, epochs=15, precision=precision)
    x, y = samples(1)
    attack = PGD(ThreatModel("l2", 0.3), steps=10)
    robust = score(model, perturb(model, x, y, attack, seed=0, batch_size=50), y, batch_size=50)
    assert robust.accuracy > 0.9
    assert history[-1]["loss"] < 0.5 * history[0]["loss"]
    assert [record["epoch"] for record in history] == list(range(1, 16))
    assert not (tmp_path / "checkpoint.safetensors").exists()


def test_twice_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        run(tmp_path / name)
    assert weights(tmp_path / "a") == weights(tmp_path / "b")


def test_learning_rate_rises_and_falls(tmp_path):
    rates = [record["learning_rate"] for record in run(tmp_path, epochs=10)[1]]
    top = rates.index(max(rates))
    assert 2 <= top <= 5
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert 0 < rates[-1] < 0.1 * max(rates)


KILLED = """
import sys
from pathlib import Path
from tests.training.test_train import run
run(Path(sys.argv[1]), epochs=8)
"""


def test_killed_at_any_moment_it_ends_with_the_same_bytes(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    run(whole, epochs=8)
    command = [sys.executable, "-c", KILLED, str(broken)]
    checkpoint = broken / "checkpoint.safetensors"
    kills = 0
    for delay in (0.0, 0.05, 0.15):  # after the first checkpoint of the attempt, and so much later
        seen = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        process = subprocess.Popen(command, cwd=ROOT)
        while process.poll() is None:
            if checkpoint.exists() and checkpoint.stat().st_mtime_ns > seen:
                time.sleep(delay)
                os.kill(process.pid, signal.SIGKILL)
                kills += process.wait() == -signal.SIGKILL
                break
            time.sleep(0.002)
    subprocess.run(command, cwd=ROOT, check=True)
    assert kills > 0
    assert weights(broken) == weights(whole)


def stopped_after_one_epoch(folder):
    """Leave a checkpoint behind, as a kill would."""
    import advscape.training.train as module

    saved = []
    original = module.save_checkpoint

    def save_and_stop(*arguments):
        original(*arguments)
        saved.append(1)
        raise KeyboardInterrupt

    module.save_checkpoint = save_and_stop
    try:
        with pytest.raises(KeyboardInterrupt):
            run(folder)
    finally:
        module.save_checkpoint = original


def test_checkpoint_of_another_run_is_not_taken_up(tmp_path, caplog):
    stopped_after_one_epoch(tmp_path)
    caplog.set_level("INFO", "advscape")
    run(tmp_path, key="another")
    assert "resuming" not in caplog.text


def test_checkpoint_of_this_run_is_taken_up(tmp_path, caplog):
    stopped_after_one_epoch(tmp_path)
    caplog.set_level("INFO", "advscape")
    run(tmp_path)
    assert "resuming after epoch 1" in caplog.text


def test_damaged_checkpoint_starts_anew(tmp_path):
    whole = tmp_path / "whole"
    whole.mkdir()
    run(whole)
    stopped_after_one_epoch(tmp_path)
    file = tmp_path / "checkpoint.safetensors"
    file.write_bytes(file.read_bytes()[:100])
    run(tmp_path)
    assert weights(tmp_path) == weights(whole)


def test_divergence_is_one_clear_line(tmp_path):
    with pytest.raises(UserError, match=r"the loss is .* lower training.learning_rate"):
        run(tmp_path, learning_rate=1e12)
