"""Parameters of jobs: what each job is told."""

from types import SimpleNamespace

import pytest
import yaml

from advscape.study.canonical import read
from advscape.study.config.study import Study
from advscape.study.figures import FIGURES
from advscape.study.parameters import Parameters
from advscape.study.plan import Plan
from tests.conftest import ROOT

STAGES = ("train", "evaluate", "curvature", "landscape", "sharpness", "strength")
OF_ONE_RUN = ("train", "strength")


@pytest.fixture(scope="module")
def plan():
    config = yaml.safe_load((ROOT / "studies/smoke.yaml").read_text(encoding="utf-8"))
    return Plan(Study.model_validate(config))


@pytest.fixture(scope="module")
def parameters(plan):
    content = {e.dataset.id: "digest" for e in plan.experiments.values()}
    return Parameters(plan, lambda script: f"code of {script}", content, {})


def job(**wildcards):
    return SimpleNamespace(**wildcards)


@pytest.mark.parametrize("stage", STAGES)
def test_networks(plan, parameters, stage):
    (name,) = plan.networks
    seeds = {"seed": "0"} if stage in OF_ONE_RUN else {"seeds": "0+1"}
    part = {"part": "2"} if stage == "landscape" else {}
    spec = read(parameters.network(stage)(job(experiment=name, cell="eps~0.4", **seeds, **part)))
    assert spec["code"] == f"code of {stage}_network.py"
    assert spec["data"] == "digest"
    expected = {"epsilon": 0.4, "noise": "aligned"}
    expected |= {"seed": 0} if stage in OF_ONE_RUN else {"seeds": [0, 1]}
    assert spec["cell"] == expected | ({"part": 2} if part else {})
    assert spec["config"]["model"]["made_by"] in spec["makers"]


def test_linear_models_train_all_cells_of_a_seed(plan, parameters):
    (name,) = plan.linear
    grid = plan.linear[name].grid
    cell = read(parameters.linear("train")(job(experiment=name, seed="1")))["cell"]
    assert cell == {"seed": 1, "epsilons": grid.epsilons, "noise": grid.noise}
    assert read(parameters.linear("evaluate")(job(experiment=name, seed="1")))["cell"] == {
        "seed": 1
    }


def test_a_trial_does_not_depend_on_the_code(plan, parameters):
    (name,) = plan.networks
    spec = read(parameters.trial()(job(experiment=name, trial="trial")))
    assert spec["code"] == ""
    assert "makers" not in spec
    assert set(spec["config"]) == {"dataset", "model", "threat", "training", "compute"}


@pytest.mark.parametrize("kind", FIGURES)
def test_figures(plan, parameters, kind):
    made = parameters.figure(kind)
    if FIGURES[kind].of == "study":
        assert read(made)["config"]["experiment"] is None
        return
    for name in plan.experiments:
        config = read(made(job(experiment=name)))["config"]
        assert config["experiment"] == name
        assert set(config["arguments"]) == set(FIGURES[kind].arguments)


def test_tables_name_the_experiment_of_each_file(plan, parameters):
    config = read(parameters.table()(job(table="curvature")))["config"]
    assert config["table"] == "curvature"
    assert len(config["sources"]) == len(plan.fragments("curvature"))
