"""What a study is made of, counted by hand."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
import yaml

from advscape.study.figures import FIGURES
from advscape.study.load import load_study
from advscape.study.missing import not_made
from advscape.study.plan import AGGREGATES, Plan
from tests.conftest import ROOT


@pytest.fixture
def raw():
    """Two arms of three epsilons and two seeds; a network of two epsilons and one seed."""
    return yaml.safe_load((ROOT / "studies/smoke.yaml").read_text())


def plan(raw, **kwargs):
    return Plan(load_study(raw), **kwargs)


def test_a_linear_experiment_has_a_job_for_each_seed_and_a_network_for_each_run(raw):
    made = plan(raw)
    assert made.fragments("runs") == [
        "<results>/runs/logistic-digits/seed~0/runs.csv",
        "<results>/runs/logistic-digits/seed~1/runs.csv",
        "<results>/runs/resnet18-digits/eps~0/seed~0/runs.csv",
        "<results>/runs/resnet18-digits/eps~0.4/seed~0/runs.csv",
    ]
    assert len(made.fragments("layers")) == 2  # of networks alone
    assert len(made.fragments("landscape")) == 2 + 2 * 2  # two jobs share a network's points
    assert made.fragments("sanity")[-1] == "<results>/runs/flatness_sanity.csv"


def test_long_searches_are_for_the_first_seed_of_each_training(raw):
    network = raw["experiments"][1]
    network["grid"]["seeds"] = [3, 0, 1]
    network["compute"] = {"seeds_per_job": 3}
    network["variants"] = [{"name": "slow", "training": {"learning_rate": 0.01}}]
    made = plan(raw)
    files = [
        f"<results>/runs/resnet18-digits/eps~{epsilon},variant~{variant}/seed~3/strength.csv"
        for variant in ("base", "slow")
        for epsilon in ("0", "0.4")
    ]
    assert [file for file in made.fragments("sanity") if "strength" in file] == files
    left = plan(raw, lacking=files[:1]).fragments("sanity")
    assert [file for file in left if "strength" in file] == files[1:]


@pytest.mark.parametrize("table", ["runs", "sanity", "landscape", "sharpness"])
def test_every_file_has_its_source(raw, table):
    made = plan(raw)
    files, sources = made.fragments(table), made.sources(table)
    assert len(files) == len(sources)
    for file, source in zip(files, sources, strict=True):
        assert source == {} or f"/runs/{source['experiment']}/" in file


def test_seeds_that_share_a_job_share_its_folder_and_are_trained_alone(raw):
    network = raw["experiments"][1]
    network["grid"]["seeds"] = [0, 1, 2]
    network["compute"] = {"seeds_per_job": 2}
    made = plan(raw)
    experiment = made.networks["resnet18-digits"]
    assert len(made.run_folders(experiment, None)) == 2 * 3
    measuring = made.run_folders(experiment, "curvature")
    folders = [folder.rsplit("/", 1)[1] for folder in measuring]
    assert folders == ["seed~0+1", "seed~2"] * 2


def test_figures_need_rows_and_some_a_network_or_a_plane(raw):
    made = plan(raw)
    names = {figure.rsplit("/", 1)[1] for figure in made.figures()}
    kinds = [kind for kind, figure in FIGURES.items() if figure.of == "experiment"]
    both = {f"{kind}_{name}.png" for kind in kinds for name in made.experiments}
    # of a linear model there are no such rows
    none = {
        f"{kind}_logistic-digits.png" for kind in ("sharpness", "spectrum", "layers", "history")
    }
    none |= {f"along_{name}.png" for name in made.experiments}  # nothing is followed
    assert names == both - none | {"theorem.png"}
    lacking = set(made.fragments("sharpness"))
    left = {f.rsplit("/", 1)[1] for f in plan(raw, lacking=lacking).figures()}
    assert names - left == {"sharpness_resnet18-digits.png"}
    assert plan(raw, lacking=lacking).fragments("sharpness") == []


def test_networks_that_are_followed_have_a_figure_of_it_and_jobs_for_each_state(raw):
    network = raw["experiments"][1]
    network["training"] |= {"epochs": 6, "snapshots": {"every": 2}, "averaging": {"ema": 0.9}}
    network["variants"] = [{"name": "plain", "training": {"averaging": None, "snapshots": [1]}}]
    network["evaluation"]["checkpoints"] = ["last", "averaged", "snapshots"]
    made = plan(raw)
    assert "<results>/figures/along_resnet18-digits.png" in made.figures()
    cells = made.measured("resnet18-digits", "evaluation")
    assert [name.removeprefix("eps~0,") for name in cells if name.startswith("eps~0,")] == [
        "variant~base", "variant~base,checkpoint~averaged", "variant~base,epoch~2",
        "variant~base,epoch~4", "variant~plain", "variant~plain,epoch~1",
    ]  # fmt: skip
    assert set(made.measured("resnet18-digits", "curvature")) == set(made.cells["resnet18-digits"])
    folder = "<results>/runs/resnet18-digits/eps~0,variant~base/seed~0"
    for cell, file in (("", "weights.safetensors"), (",epoch~2", "checkpoints")):
        found = made.weights("resnet18-digits", f"eps~0,variant~base{cell}", [0])
        assert found == [f"{folder}/{file}"]
    assert not made.only_last
    assert [name for name, _ in made.tried()] == [
        f"<results>/runs/resnet18-digits/trial,variant~{name}.json" for name in ("base", "plain")
    ]


def test_without_networks_there_are_no_tables_of_theirs(raw):
    del raw["experiments"][1]
    made = plan(raw)
    assert made.tables == ["runs", "robustness", "sanity", "curvature", "landscape"]
    assert not any("sharpness" in figure for figure in made.figures())


def test_regimes_are_drawn_where_linear_trainings_differ(raw):
    other = {**raw["experiments"][0], "name": "other", "training": {"weight_decay": 0.1}}
    raw["experiments"].append(other)
    assert "<results>/figures/regimes.png" in plan(raw).figures()


def test_claims_carry_their_experiment(raw):
    (claim,) = plan(raw).claims
    assert (claim["id"], claim["of"]["experiment"]) == ("C1", "logistic-digits")
    assert (claim["of"]["table"], claim["of"]["select"]["hessian"]) == ("curvature", "total")


@dataclass(frozen=True)
class Job:
    """As much of Snakemake's job as is looked at."""

    name: str
    output: tuple
    wildcards_dict: dict = field(hash=False)
    log: tuple = ()

    @property
    def rule(self):
        return SimpleNamespace(name=self.name)


def test_what_was_not_made_names_the_failed_first(tmp_path):
    (tmp_path / "log").write_text("12:00:00 begun\n12:00:01 training: no end\n")
    run = {"experiment": "e", "epsilon": "0.5", "seed": "0"}
    failed = Job("train_network", ("results/s/w",), run, (str(tmp_path / "log"),))
    left = Job("curvature_network", ("results/s/c",), run | {"seed": "1"}, ("unread",))
    table = Job("table", ("results/s/t",), {})
    missing = not_made([left, table, failed], {failed}, AGGREGATES, "results/s")
    assert missing["files"] == ["c", "w"]
    assert [row["stage"] for row in missing["runs"]] == ["train_network", "curvature_network"]
    assert missing["runs"][0]["reason"] == "training: no end"
    assert missing["runs"][1]["reason"] == "what it needs is missing"
    assert missing["runs"][1]["log"] == ""
