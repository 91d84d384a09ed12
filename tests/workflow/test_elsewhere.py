"""The workflow from outside: its shim, another folder, and a workflow that uses it as a module."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import yaml

from tests.conftest import ROOT
from tests.workflow.planner import plan

STUDY = {
    "study": "elsewhere",
    "experiments": [
        {
            "name": "logistic",
            "dataset": {"name": "digits", "classes": [0, 1], "test_fraction": 0.25},
            "model": {"name": "logistic"},
            "threat": {"norm": "l2"},
            "training": {"weight_decay": 0.01},
            "grid": {"epsilons": [0, 0.5], "seeds": [0]},
            "evaluation": {"common_epsilon": 0.5},
            "landscape": {"direction_seeds": [0], "points": 3},
        }
    ],
}
USER = """
configfile: "mine.yaml"

module advscape:
    snakefile: {snakefile}
    config: config["advscape"]
    prefix: "landscapes"

use rule * from advscape as advscape_*

rule mine:
    input: rules.advscape_all.input
    output: "mine.txt"
    shell: "cat {{input[1]}} > {{output}}"
"""
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--cores", "2"]


def run(*arguments, cwd, **environment):
    """Snakemake as a user calls it; with another copy of the library only if it is told to."""
    done = subprocess.run(
        [*SNAKEMAKE, *map(str, arguments)], cwd=cwd, capture_output=True, text=True,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


def files(folder):
    found = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    return {str(file) for file in found if file.parts[0] != ".snakemake"}


def test_the_shim_builds_the_same_jobs(tmp_path):
    (tmp_path / "study.json").write_text(json.dumps(STUDY))
    door, shim = (
        plan(ROOT / file, tmp_path, tmp_path / "study.json")
        for file in ("Snakefile", "workflow/Snakefile")
    )
    assert len(door) > 10
    assert {job.label: job.output for job in shim} == {job.label: job.output for job in door}


def test_from_another_folder_into_a_third(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    (here / "mine.yaml").write_text(yaml.safe_dump(STUDY))
    target = "results/elsewhere/datasets/digits.npz"
    where = ["--snakefile", ROOT / "Snakefile", "--directory", there]
    run(*where, "--configfile", "mine.yaml", "--", target, cwd=here)
    assert files(here) == {"mine.yaml"}
    assert target in files(there)
    assert all(file.startswith("results/elsewhere/") for file in files(there))


def test_as_a_module_everything_lies_under_the_prefix(tmp_path):
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"advscape": STUDY}))
    snakefile = repr(str(ROOT / "workflow/Snakefile"))
    (tmp_path / "Snakefile").write_text(USER.format(snakefile=snakefile))
    run("mine", cwd=tmp_path)
    results = "landscapes/results/elsewhere/"
    made = files(tmp_path) - {"mine.yaml", "Snakefile", "mine.txt"}
    assert all(file.startswith(results) for file in made)
    wanted = ("report.html", "provenance.html", "tables/claims.csv")
    assert {results + file for file in wanted} <= made
    report = (tmp_path / results / "report.html").read_text()
    assert 'id="figure-curvature_logistic"' in report
    assert "curvature_logistic.png" in (tmp_path / results / "provenance.html").read_text()
    assert (tmp_path / "mine.txt").read_text().startswith("experiment,dataset,model")


@pytest.fixture
def hosted(tmp_path):
    """A workflow that takes this one from a hosting site, which git is told lies in a folder."""
    source = tmp_path / "source"
    for name in ("workflow", "pkg"):
        shutil.copytree(ROOT / name, source / name)
    for name in ("Snakefile", "environment.yml", "CITATION.cff"):
        shutil.copy(ROOT / name, source)
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"], ["tag", "v1"]):
        subprocess.run([*git, *command], cwd=source, check=True)
    site = tmp_path / "site"
    clone = ["clone", "-q", "--bare", str(source), str(site / "someone/advscape")]
    subprocess.run([*git, *clone], check=True)
    user = tmp_path / "user"
    user.mkdir()
    (user / "mine.yaml").write_text(yaml.safe_dump({"advscape": STUDY}))
    snakefile = 'github("someone/advscape", path="workflow/Snakefile", tag="v1")'
    (user / "Snakefile").write_text(USER.format(snakefile=snakefile))
    return user, {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{site}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }


def test_from_a_hosting_site_with_the_library_installed(hosted):
    user, environment = hosted
    environment["PYTHONPATH"] = str(ROOT / "pkg")
    table = "landscapes/results/elsewhere/runs/logistic/seed~0/runs.csv"
    run(table, cwd=user, **environment)
    assert table in files(user)


def test_from_a_hosting_site_without_the_library_is_one_clear_line(hosted):
    user, environment = hosted
    absent = "import sys; sys.modules['advscape'] = None; from snakemake.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", absent, "--cores", "1", "mine"],
        cwd=user, capture_output=True, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode != 0
    assert "comes without its library: install advscape here, or use a clone" in done.stderr
    assert "Traceback" not in done.stderr
