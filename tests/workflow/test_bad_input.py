"""From the command line: one line, an exit code, no traceback, nothing started."""

import pytest

from tests.conftest import ROOT
from tests.workflow.conftest import Workflow
from tests.workflow.planner import call


@pytest.fixture
def workflow(tmp_path):
    return Workflow(tmp_path)


BAD = {
    "unknown key": (lambda e: e["grid"].update(sede=[1]), "experiments[0].grid.sede"),
    "wrong type": (lambda e: e["training"].update(weight_decay="much"), "weight_decay: got 'much'"),
    "negative epsilon": (lambda e: e["grid"].update(epsilons=[-1]), "epsilons[0]: got -1"),
    "unknown dataset": (lambda e: e["dataset"].update(name="x"), "dataset.name: got 'x'"),
    "seeds": (lambda e: e["grid"].update(seeds=["a"]), "seeds[0]: got 'a'"),
}


@pytest.mark.parametrize(("change", "words"), BAD.values(), ids=BAD)
def test_one_line_and_nothing_started(workflow, change, words):
    change(workflow.config["experiments"][0])
    code, said = call(ROOT / "Snakefile", workflow.folder, workflow.configfile(), "--cores", "2")
    assert code != 0
    # Snakemake says first which profile and which config files it uses
    notices = ("Using workflow specific profile", "Config file config.yaml is extended")
    lines = [line for line in said.splitlines() if not line.startswith(notices)]
    assert len(lines) == 1
    assert lines[0].startswith("config: ")
    assert words in lines[0]
    assert "allowed:" in lines[0]
    assert not (workflow.folder / "results").exists()


def test_data_root_without_the_data(workflow, monkeypatch):
    monkeypatch.setenv("ADVSCAPE_DATA", str(workflow.folder))
    workflow.config["experiments"][0]["dataset"]["name"] = "mnist"
    done = workflow.snakemake(check=False)
    assert done.returncode != 0
    assert "data_root (from ADVSCAPE_DATA): got" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("key", ["study", "experiments"])
def test_what_a_study_forgets_is_not_taken_from_the_default_study(workflow, key):
    """Its config.yaml lies in the same folder."""
    del workflow.config[key]
    said = workflow.refusal()
    assert f"config: {key}: got nothing; allowed: a value; this key is required" in said
    assert "Traceback" not in said
