"""The documentation's example of an own model, run as a user would."""

import re

import pytest
import yaml

from tests.conftest import ROOT
from tests.workflow.conftest import Workflow

SECTION = (ROOT / "docs/studies.md").read_text().split("## Your own model")[1].split("\n## ")[0]
TABLE = "results/smoke/tables/runs.csv"


@pytest.fixture
def workflow(tmp_path):
    made = Workflow(tmp_path)
    experiment = made.config["experiments"][1]
    experiment |= yaml.safe_load(re.search(r"```yaml\n(.*?)```", SECTION, re.S)[1])
    experiment["grid"]["epsilons"] = [0.4]
    made.config["experiments"] = [experiment]
    made.module = tmp_path / "my_models.py"
    made.module.write_text(re.search(r"```python\n(.*?)```", SECTION, re.S)[1])
    return made


def test_it_runs_and_its_code_is_watched(workflow):
    workflow.snakemake(TABLE)
    assert ",mlp,l2," in (workflow.folder / TABLE).read_text()
    code = workflow.module.read_text()
    workflow.module.write_text("# a comment\n" + code)
    assert workflow.planned(TABLE) == {}
    workflow.module.write_text(code.replace("GELU", "SiLU"))
    assert set(workflow.planned(TABLE)) == {"try_network", "train_network", "table"}
    workflow.module.write_text(code.replace("hidden, classes", "hidden, classes + 1"))
    done = workflow.snakemake(TABLE, check=False)
    assert done.returncode != 0
    line = "model custom (my_models:mlp): its output for inputs (2, 1, 8, 8) is (2, 4); allowed: "
    assert line in done.stderr
    assert "Traceback" not in done.stderr


def test_more_eigenvalues_than_it_has_parameters(workflow):
    (experiment,) = workflow.config["experiments"]
    experiment["curvature"] |= {"largest": 50_000, "max_products": 60_000}
    done = workflow.snakemake(TABLE, check=False)
    assert done.returncode != 0
    assert "curvature.smallest: got 50001 eigenvalues; allowed: at most" in done.stderr
    assert "Traceback" not in done.stderr
    assert not [*workflow.folder.glob("results/smoke/runs/**/seed~*")]
