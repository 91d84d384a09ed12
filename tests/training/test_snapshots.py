"""Weights kept along a run: the right ones, whole, and none of another run."""

import torch

from advscape.models.state import load_weights
from advscape.training.checkpoint import Checkpoint
from advscape.training.snapshots import Snapshots
from advscape.training.train import train
from tests.training.runs import network, recipe, run, samples
from tests.training.test_resume import stopped_after


def test_a_snapshot_has_the_weights_of_a_run_that_ends_there(tmp_path):
    """With a constant rate a run of two epochs is the beginning of one of four."""

    def constant(model, epochs):
        made = recipe(model, epochs=epochs)
        return type(made)(**{**vars(made), "course": lambda step, steps: 1.0})

    kept, long, short = Snapshots(tmp_path / "kept", [2]), network(), network()
    train(long, *samples(), constant(long, 4), 0, Checkpoint(tmp_path / "a", "k"), snapshots=kept)
    kept.finish({})
    train(short, *samples(), constant(short, 2), 0, Checkpoint(tmp_path / "b", "k"))
    found = network()
    load_weights(found, tmp_path / "kept" / "epoch~2.safetensors")
    for name, value in short.state_dict().items():
        assert torch.equal(found.state_dict()[name], value), name


def test_of_an_unfinished_run_nothing_is_shown(tmp_path, monkeypatch):
    stopped_after(3, monkeypatch, lambda: run(tmp_path, snapshots=(1, 2)))
    assert not (tmp_path / "checkpoints").exists()
    run(tmp_path, snapshots=(1, 2))
    names = sorted(file.name for file in (tmp_path / "checkpoints").iterdir())
    assert names == ["epoch~1.safetensors", "epoch~2.safetensors"]


def test_snapshots_asked_for_after_their_epochs_begin_the_run_again(tmp_path, monkeypatch, caplog):
    stopped_after(3, monkeypatch, lambda: run(tmp_path))
    caplog.set_level("INFO", "advscape")
    run(tmp_path, snapshots=(2,))
    assert "beginning again" in caplog.text
    assert (tmp_path / "checkpoints" / "epoch~2.safetensors").is_file()


def test_snapshots_of_another_run_are_forgotten(tmp_path, monkeypatch):
    stopped_after(3, monkeypatch, lambda: run(tmp_path, snapshots=(1, 2)))
    run(tmp_path, key="another", snapshots=(1,))
    assert [file.name for file in (tmp_path / "checkpoints").iterdir()] == ["epoch~1.safetensors"]
