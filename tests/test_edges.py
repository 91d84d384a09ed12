"""Networks of users and data at the edge, through the stages as a study's jobs run them."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from advscape.data.prepared import Prepared
from advscape.errors import UserError
from advscape.evaluation.checks import GUESS
from advscape.models.state import load_weights, save_weights
from advscape.stages.evaluate_network import evaluate_network
from advscape.stages.job import Job
from advscape.stages.landscape_network import Files, landscape_network
from advscape.stages.record import values_of
from advscape.stages.run import load_run
from advscape.stages.sharpness_network import sharpness_network
from advscape.stages.train_network import train_network
from advscape.study.config.model import MODELS
from advscape.study.config.study import TrainedExperiment
from advscape.study.spec import stage_spec
from advscape.tables.flatness import agreement_table
from tests.sections import as_record

pytestmark = pytest.mark.usefixtures("torch_as_it_was")

MEASURES = ["average", "worst", "adaptive_average", "normalised_worst", "robust_average",
            "robust_worst"]  # fmt: skip


@dataclass
class Study:
    """One experiment in a folder of its own."""

    folder: Path
    network: str
    changes: dict

    def job(self, stage, epsilon=0.4):
        sections = {
            "name": "net",
            "dataset": {"name": "digits", "classes": [0, 1, 2], "test_fraction": 0.5},
            "model": {"name": "custom", "function": f"edge_networks:{self.network}", "label": "x"},
            "threat": {"norm": "l2"},
            "training": {"epochs": 3, "batch_size": 32, "attack": {"steps": 1}},
            "grid": {"epsilons": [0, 0.4], "seeds": [0]},
            "evaluation": {"common_epsilon": 0.4, "attacks": [{"steps": 2}]},
            "curvature": {"samples": 32, "attack": {"steps": 2}, "probes": 2},
            "landscape": {"direction_seeds": [0, 1], "radius": 0.5, "points": 3, "samples": 32,
                          "attack": {"steps": 2}},
            "sharpness": {"measures": MEASURES, "samples": 16},
            "compute": {"device": "cpu"},
        }  # fmt: skip
        for section, values in self.changes.items():
            sections[section] = sections[section] | values
        experiment = TrainedExperiment.model_validate(sections)
        part = {"part": 0} if stage == "landscape" else {}
        return Job(
            stage_spec(stage, experiment, "code")(epsilon=epsilon, seed=0, noise="aligned", **part)
        )

    @property
    def data(self):
        return self.folder / "data.npz"

    def train(self, epsilon=0.4):
        files = [
            self.folder / f"{name}-{epsilon:g}.safetensors" for name in ("w", "best", "c", "d")
        ]
        train_network(self.job("train", epsilon), self.data, *files)
        return files[0]

    def evaluate(self, epsilon=0.4):
        weights = self.train(epsilon)
        return evaluate_network(self.job("evaluate", epsilon), self.data, weights)

    def landscape(self, epsilon=0.4):
        files = Files(self.train(epsilon))
        store = self.folder / f"points-{epsilon:g}"
        return landscape_network(self.job("landscape", epsilon), self.data, files, store)

    def sharpness(self, epsilon=0.4):
        return sharpness_network(self.job("sharpness", epsilon), self.data, self.train(epsilon))


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    """The users' networks as a module that lies in the current folder."""
    folder = tmp_path_factory.mktemp("own")
    source = Path(__file__).with_name("users_networks.py")
    shutil.copy(source, folder / "edge_networks.py")
    return folder


@pytest.fixture
def study(module, tmp_path, monkeypatch):
    monkeypatch.chdir(module)

    def make(network="Plain", images=None, **changes):
        n = 120
        draws = np.random.default_rng(0)
        labels = np.arange(n, dtype=np.int64) % 3
        pixels = draws.integers(0, 6, (n, 1, 8, 8)).astype(np.float32)
        pixels[np.arange(n), 0, :, 2 * labels] += 9
        for index in images or []:
            pixels[index] = 4
        Prepared(pixels, labels, np.zeros(n, dtype=bool), 16.0).save(tmp_path / "data.npz")
        return Study(tmp_path, network, changes)

    return make


NETWORKS = ["UnusedWeight", "FrozenLayer", "Double"]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("objective", ["at", "trades", "awp", "entropy_sgd"])
def test_every_objective_trains_what_there_is_to_train(study, network, objective):
    net = study(network, training={"objective": {"name": objective}, "epochs": 1})
    job = net.job("train")
    before = load_run(job, net.data).model.state_dict()
    model = load_run(job, net.data).model
    load_weights(model, net.train())
    still = {"UnusedWeight": "spare.", "FrozenLayer": "net.0."}.get(network, "nothing")
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, before[name]) == name.startswith(still), name


@pytest.mark.parametrize("network", NETWORKS)
def test_every_measure_of_sharpness_has_its_value(study, network):
    found = study(network).sharpness()
    assert set(found["measure"]) == set(MEASURES)
    assert found["value"].notna().all()


@pytest.mark.parametrize("epsilon", [0.0, 0.4])
def test_a_line_leaves_frozen_weights_where_they_are_as_the_hessian_does(study, epsilon):
    net = study("FrozenLayer", training={"learning_rate": 0.3})
    rows = net.landscape(epsilon)
    key = {
        "experiment": "net",
        "dataset": "digits",
        "model": "x",
        "norm": "l2",
        "label": None,
        "variant": None,
        "epoch": None,
    }
    (check,) = agreement_table(rows.assign(**key), {"net": {"step": 0.02}}).to_dict("records")
    assert check["ok"]
    assert check["value"] < 0.05
    assert not rows["kinks"].any()


@pytest.mark.parametrize("epsilon", [0.0, 0.4])
def test_a_constant_image_is_named_before_training(study, epsilon):
    """In training and in test: the index is of the split, of which the rest is fine."""
    net = study("StandardisesEachImage", images=[7])
    with pytest.raises(UserError, match=r"is NaN for 1 of 60 (train|test) images, first") as error:
        net.train(epsilon)
    assert "a constant image: does the network divide by an image's own deviation?" in str(
        error.value
    )
    assert "\n" not in str(error.value)


def test_without_constant_images_the_same_network_is_measured(study):
    rows, _ = study("StandardisesEachImage").evaluate()
    assert rows["loss"].notna().all()


@pytest.mark.parametrize("stage", ["evaluate", "landscape", "sharpness"])
def test_an_output_that_is_not_finite_is_refused_by_every_measuring_stage(
    study, monkeypatch, stage
):
    everything = {"samples": 60, "splits": ["train", "test"]}
    net = study("StandardisesEachImage", [7], landscape=everything, sharpness=everything)
    weights = net.folder / "initial.safetensors"
    save_weights(load_run(net.job("train"), net.data).model.state_dict(), weights)
    monkeypatch.setattr(Study, "train", lambda self, epsilon: weights)
    with pytest.raises(UserError, match=r"is NaN for 1 of 60 (train|test) images, first"):
        getattr(net, stage)()


def test_far_from_the_weights_a_landscape_has_empty_cells_and_no_end(study, caplog):
    rows = study(landscape={"radius": 1e30, "directions": ["raw"]}).landscape()
    edge = rows[rows["alpha"].abs() > 1]
    near = rows[rows["alpha"].abs() < 1]
    assert edge["loss"].isna().all()
    assert edge["accuracy"].isna().all()
    assert near["loss"].notna().all()
    assert "a point without a value" in caplog.text


def test_nothing_to_attack_at_all(study):
    """Epsilon 0 alone, and a common epsilon of 0."""
    net = study(grid={"epsilons": [0]}, evaluation={"common_epsilon": 0})
    rows, checks = net.evaluate(0.0)
    assert rows["attack"].tolist() == ["none", "none"]
    assert rows["loss"].notna().all()
    assert checks["check"].tolist() == [GUESS]
    assert list(checks.columns)[:3] == ["noise", "epsilon", "seed"]
    assert net.landscape(0.0)["loss"].notna().all()
    assert net.sharpness(0.0)["value"].notna().all()


def test_one_sample(study):
    one = {"samples": 1}
    net = study(evaluation=one, landscape=one, sharpness=one, training={"monitor": one})
    rows, checks = net.evaluate()
    assert (rows["n"] == 1).all()
    assert rows["loss"].notna().all()
    assert set(checks["n"]) == {1}
    assert GUESS not in set(checks["check"])  # of one label nothing is to be guessed
    lines = net.landscape()
    assert (lines["n"] == 1).all()
    assert lines["loss"].notna().all()
    assert set(lines["accuracy"]) <= {0.0, 1.0}
    found = net.sharpness()
    assert (found["n"] == 1).all()
    assert found["value"].notna().all()


@pytest.mark.parametrize("box", [False, True])
@pytest.mark.parametrize(("norm", "epsilon"), [("linf", 1.0), ("linf", 1.5), ("l2", 20.0)])
def test_radii_as_large_as_the_box_and_larger(study, norm, epsilon, box):
    net = study(
        threat={"norm": norm, "box": box}, grid={"epsilons": [epsilon]}, training={"epochs": 1}
    )
    rows, _ = net.evaluate(epsilon)
    assert rows["loss"].notna().all()
    attacked = rows[rows["attack"] == "pgd"].groupby(["split", "eval_epsilon"])["loss"].first()
    for split in ("train", "test"):
        assert attacked[split, epsilon] >= attacked[split, 0.4] * 0.9
    assert isinstance(net.landscape(epsilon), pd.DataFrame)


@pytest.mark.parametrize(("size", "fits"), [(59, True), (1, False)])
def test_a_last_batch_of_one_and_batches_of_one(study, size, fits):
    """60 training images; the last maps of a ResNet are of one pixel."""
    net = study(training={"batch_size": size, "epochs": 1})
    job = net.job("train")
    job.config["model"] = values_of(as_record(MODELS, {"name": "resnet18", "width": 4}))
    files = [net.folder / name for name in ("w", "best", "c", "d")]
    if fits:
        rows, _ = train_network(job, net.data, *files)
        assert np.isfinite(rows["train_loss"]).all()
    else:
        with pytest.raises(UserError, match=r"training\.batch_size: got 1; allowed: 2 or more"):
            train_network(job, net.data, *files)
