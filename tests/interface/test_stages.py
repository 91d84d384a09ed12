"""The interface and the stages of a study say the same of one trained network."""

import numpy as np
import pytest
import torch

import advscape
from advscape.data.prepared import Prepared
from advscape.interface.loss import _HOW
from advscape.seeds import stream
from advscape.stages.curvature_network import curvature_network
from advscape.stages.job import Job
from advscape.stages.landscape_network import Files, landscape_network
from advscape.stages.run import load_run
from advscape.stages.sharpness_network import sharpness_network
from advscape.stages.train_network import train_network
from advscape.study.config.curvature import Response
from advscape.study.config.study import TrainedExperiment
from advscape.study.spec import stage_spec

ATTACK = {"steps": 4, "random_start": False}  # nothing is drawn, so that no stream matters
JUDGED = {"samples": 24, "splits": ["train"], "attack": ATTACK}
EXPERIMENT = {
    "name": "small",
    "dataset": {"name": "digits", "test_fraction": 0.5},
    "model": {"name": "custom", "function": "tests.interface.smooth:network", "label": "smooth"},
    "threat": {"norm": "l2"},
    "training": {"epochs": 2, "batch_size": 8, "attack": {"steps": 1}},
    "grid": {"epsilons": [0.2], "seeds": [0]},
    "evaluation": {"common_epsilon": 0.3, "attacks": [{"steps": 1}]},
    "curvature": JUDGED
    | {"samples": 6, "probes": 2, "tolerance": 0.01, "response": {"probes": 2}, "batch_size": 4},
    "landscape": JUDGED
    | {"direction_seeds": [stream(0, "direction 0")], "points": 3, "batch_size": 16},
    "sharpness": JUDGED
    | {
        "measures": ["adaptive_worst", "average", "robust_average"],
        "balls": ["linf"],
        "robust_average": {"draws": 2},
        "batch_size": 16,
    },
    "compute": {"device": "cpu", "threads": 1},
}


def job(stage):
    spec = stage_spec(stage, TrainedExperiment.model_validate(EXPERIMENT), "code")
    return Job(spec(epsilon=0.2, seed=0, noise="aligned", part=0))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    generator = np.random.default_rng(0)
    images = generator.integers(0, 17, (80, 1, 8, 8)).astype(np.float32)
    labels = np.arange(80, dtype=np.int64) % 3
    images[:, 0, 0] = 5 * labels[:, None]  # something to learn
    Prepared(images, labels, np.zeros(80, dtype=bool), 16.0).save(folder / "data.npz")
    threads = torch.get_num_threads()
    places = [folder / name for name in ("weights.safetensors", "best.safetensors", "state")]
    train_network(job("train"), folder / "data.npz", *places, folder / "checkpoints")
    yield folder
    torch.set_deterministic_debug_mode("default")
    torch.set_num_threads(threads)


def loss_of(files, use, samples=24, batch_size=16):
    """The trained network's loss on the samples that a stage draws."""
    run = load_run(job(use), files / "data.npz", files / "weights.safetensors")
    x, y = run.samples("train", samples, f"{use} samples, train")
    return advscape.AdversarialLoss(
        run.model,
        x,
        y,
        norm="l2",
        epsilon=0.2,
        attack=advscape.PGD(**ATTACK),
        batch_size=batch_size,
    )


def test_hessians(files):
    tables, _ = curvature_network(
        job("curvature"), files / "data.npz", files / "weights.safetensors"
    )
    rows = tables["curvature"].set_index(["loss", "hessian"])
    loss = loss_of(files, "curvature", 6, 4)
    for term in ("clean", "frozen", "response", "total"):
        row = rows.loc["clean", "total"] if term == "clean" else rows.loc["adversarial", term]
        H = loss.hessian(term)
        top = H.eigenvalues(tolerance=0.01, max_products=60)
        trace = H.trace(relative_error=None, max_probes=2, tolerance=0.01)
        found = [top.value, top.residual, top.stderr, trace.value, trace.stderr, H.n]
        names = ["lambda_max", "lambda_max_residual", "lambda_max_sample_stderr", "trace",
                 "trace_stderr", "n"]  # fmt: skip
        assert found == pytest.approx(row[names].tolist(), rel=1e-6), term
    counts = tables["maxima"].set_index("kind")["n"].to_dict()
    assert loss.optimality.counts == counts


def test_landscapes(files, tmp_path):
    rows = landscape_network(
        job("landscape"), files / "data.npz", Files(files / "weights.safetensors"), tmp_path / "s"
    )
    loss = loss_of(files, "landscape")
    for attack in ("none", "frozen", "regenerated"):
        line = loss.landscape(attack=attack, points=3)
        here = rows[(rows["attack"] == attack) & rows["alpha"].isin(line.alpha)]
        assert line.loss[0].tolist() == here["loss"].tolist()
        assert line.accuracy[0].tolist() == here["accuracy"].tolist()


def test_sharpness(files):
    rows = sharpness_network(job("sharpness"), files / "data.npz", files / "weights.safetensors")
    loss = loss_of(files, "sharpness")
    assert len(rows) == 3
    for row in rows.to_dict("records"):
        draws = 2 if row["measure"] == "robust_average" else 10
        found = loss.sharpness(row["measure"], radius=row["radius"], draws=draws)
        expected = [row[name] for name in ("value", "stderr", "spread", "draws", "n")]
        assert list(vars(found).values()) == pytest.approx(expected, rel=0, nan_ok=True)


def test_maxima_are_looked_for_as_a_study_does_by_default():
    assert {name: getattr(Response(), name) for name in vars(_HOW)} == vars(_HOW)
