"""The stage: parts join to the same rows, a killed job goes on, checkpoints are where they are."""

import signal
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
import torch

from advscape.attacks.perturb import perturb
from advscape.curvature.eigenvectors import save_eigenvectors
from advscape.data.prepared import Prepared
from advscape.evaluation.evaluate import score
from advscape.landscape.losses import Losses
from advscape.models.state import save_weights
from advscape.seeds import stream
from advscape.stages.job import Job
from advscape.stages.landscape_network import Files, landscape_network
from advscape.stages.run import load_run
from advscape.study.config.study import TrainedExperiment
from advscape.study.spec import stage_spec

LANDSCAPE = {
    "directions": ["filter-normalised", "eigenvector", "best-checkpoint", "initial-weights"],
    "direction_seeds": [0, 3],
    "points": 5,
    "step": 0.02,
    "samples": 24,
    "attack": {"steps": 2},
    "batch_size": 16,
    "plane": {"points": 3, "attacks": ["none", "frozen"]},
}


def spec(part=0, model=None, **landscape):
    experiment = TrainedExperiment.model_validate(
        {
            "name": "small",
            "dataset": {"name": "digits", "test_fraction": 0.5, "validation_fraction": 0.1},
            "model": model or {"name": "cnn", "width": 2, "activation": "gelu"},
            "threat": {"norm": "l2"},
            "training": {"epochs": 1, "batch_size": 8, "attack": {"steps": 1}},
            "grid": {"epsilons": [0.3], "seeds": [0]},
            "evaluation": {"common_epsilon": 0.3, "attacks": [{"steps": 1}]},
            "curvature": {"samples": 8, "attack": {"steps": 1}, "probes": 2, "eigenvectors": 1},
            "landscape": LANDSCAPE | landscape,
            "compute": {"device": "cpu", "threads": 1},
        }
    )
    spec = stage_spec("landscape", experiment, "code")
    return spec(epsilon=0.3, seed=0, noise="aligned", part=part)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A dataset, weights that are not the initial ones, other weights, an eigenvector."""
    folder = tmp_path_factory.mktemp("inputs")
    generator = np.random.default_rng(0)
    images = generator.integers(0, 17, (120, 1, 8, 8)).astype(np.float32)
    labels = np.arange(120, dtype=np.int64) % 3
    Prepared(images, labels, np.zeros(120, dtype=bool), 16.0).save(folder / "data.npz")
    model = load_run(Job(spec()), folder / "data.npz").model
    torch.manual_seed(1)
    for name in ("weights", "best"):
        with torch.no_grad():
            for p in model.parameters():
                p.add_(torch.randn_like(p), alpha=0.05)
        save_weights(model.state_dict(), folder / f"{name}.safetensors")
    size = sum(p.numel() for p in model.parameters())
    save_eigenvectors({0: torch.randn(1, size)}, folder / "vectors.safetensors")
    return folder


def files(folder):
    names = ("weights", "best", "vectors")
    return Files(*(folder / f"{name}.safetensors" for name in names))


def rows(folder, store, part=0, **landscape):
    return landscape_network(
        Job(spec(part, **landscape)), folder / "data.npz", files(folder), store / f"{part}.jsonl"
    )


@pytest.fixture(scope="module")
def whole(inputs, tmp_path_factory):
    return rows(inputs, tmp_path_factory.mktemp("whole"))


def test_every_line_and_the_plane_are_there(whole):
    lines = whole[~whole["direction"].str.endswith("plane")]
    counts = lines.groupby(["direction", "direction_seed", "attack"])["alpha"].agg(tuple)
    assert set(counts) == {(-1.0, -0.5, -0.02, 0.0, 0.02, 0.5, 1.0)}
    assert len(counts) == (2 + 1 + 1 + 1) * 3
    plane = whole[whole["direction"] == "filter-normalised plane"]
    assert len(plane) == 9 * 2
    assert set(plane["beta"]) == {-1.0, 0.0, 1.0}
    assert (whole["n"] == 24).all()


def test_parts_follow_each_other_to_the_same_bytes(inputs, tmp_path, whole):
    joined = [rows(inputs, tmp_path, part, jobs=3) for part in range(3)]
    assert all(len(part) for part in joined)
    header = whole.columns.tolist()
    text = "".join(part[header].to_csv(index=False, header=False) for part in joined)
    assert text == whole.to_csv(index=False, header=False)


KILLED = """
import os, signal, sys
from advscape.stages.job import Job
from advscape.stages.landscape_network import Files, landscape_network
from advscape.landscape.store import PointStore

put, left = PointStore.put, int(sys.argv[4])
def dying(self, point, result):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    put(self, point, result)
PointStore.put = dying
folder = sys.argv[2]
files = Files(*(f"{folder}/{n}.safetensors" for n in ("weights", "best", "vectors")))
landscape_network(Job(sys.argv[1]), f"{folder}/data.npz", files, sys.argv[3])
"""


@pytest.mark.parametrize("points", [0, 9, 40])
def test_a_killed_job_goes_on_to_the_same_bytes(inputs, tmp_path, whole, points, monkeypatch):
    store = tmp_path / "0.jsonl"
    arguments = [spec(), inputs, store, points]
    died = subprocess.run([sys.executable, "-c", KILLED, *map(str, arguments)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert len(store.read_text().splitlines()) == 1 + points
    measured = []
    here = Losses.here
    monkeypatch.setattr(Losses, "here", lambda *args: measured.append(args) or here(*args))
    again = rows(inputs, tmp_path)
    assert again.to_csv() == whole.to_csv()
    # lines have three attacks a point, the plane two
    assert len(measured) == len(whole) - 3 * min(points, 35) - 2 * max(points - 35, 0)


@cache
def judged(folder, name):
    """Loss and accuracy of a checkpoint under the stage's own attack, judged on its own."""
    job = Job(spec())
    run = load_run(job, folder / "data.npz", name and folder / f"{name}.safetensors")
    x, y = run.samples("train", 24, "landscape samples, train")
    attack = run.attack(job.sections.landscape.attack)
    noisy = perturb(run.model, x, y, attack, stream(0, "landscape attack"), 16)
    return score(run.model, x, y, 16), score(run.model, noisy, y, 16)


@pytest.mark.parametrize(
    ("direction", "alpha", "checkpoint"),
    [
        ("filter-normalised", 0.0, "weights"),
        ("best-checkpoint", 0.0, "weights"),
        ("best-checkpoint", 1.0, "best"),
        ("initial-weights", 1.0, None),
    ],
)
def test_checkpoints_are_where_they_should_be(inputs, whole, direction, alpha, checkpoint):
    here = whole[(whole["direction"] == direction) & (whole["alpha"] == alpha)]
    here = here.drop_duplicates("attack").set_index("attack")
    clean, attacked = judged(inputs, checkpoint)
    for attack, expected in (("none", clean), ("regenerated", attacked)):
        assert here.loc[attack, "loss"] == pytest.approx(expected.loss, rel=1e-5)
        assert here.loc[attack, "accuracy"] == expected.accuracy


def test_second_differences_agree_with_the_hessian(inputs, tmp_path):
    """For a network without kinks; max pooling has them, and they count over a finite step."""
    smooth = {"name": "resnet18", "width": 4, "activation": "gelu"}
    job = Job(spec(model=smooth, directions=["filter-normalised"], points=3, plane=None))
    weights = tmp_path / "weights.safetensors"
    state = load_run(job, inputs / "data.npz").model.state_dict()
    state["fc.weight"] *= 100  # fresh weights: a loss so flat that float32 hardly sees it bend
    save_weights(state, weights)
    found = landscape_network(job, inputs / "data.npz", Files(weights), tmp_path / "store")
    held = found[found["attack"] != "regenerated"]
    scale = held["curvature"].abs().max()
    for _, line in held.groupby(["direction_seed", "attack"]):
        at = line.set_index("alpha")["loss"]
        bent = (at[-0.02] - 2 * at[0.0] + at[0.02]) / 0.02**2
        exact = line.loc[line["alpha"] == 0, "curvature"].item()
        assert bent == pytest.approx(exact, abs=0.05 * scale)


def test_only_lines_with_held_noise_have_a_curvature(whole):
    there = whole[whole["curvature"].notna()]
    assert set(there["alpha"]) == {0.0}
    assert set(there["attack"]) == {"none", "frozen"}
    assert set(there["direction"]) == {"filter-normalised", "eigenvector"}
    assert len(there) == 3 * 2


def test_a_spec_says_nothing_of_what_is_read_later():
    assert spec() == spec(flatness={"level": 2.0})
