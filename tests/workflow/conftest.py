"""Runs the real workflow in a scratch folder, as a user would."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.workflow.planner import Refused, plan


class Workflow:
    """The repository's Snakefile, working in a folder of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.results = folder / "results/smoke"
        self.config = yaml.safe_load((ROOT / "studies/smoke.yaml").read_text())
        # Snakemake merges a --configfile into this one, as it does in a clone
        shutil.copy(ROOT / "config.yaml", folder)

    def configfile(self):
        """The study's config as a file."""
        file = self.folder / "study.yaml"
        file.write_text(yaml.safe_dump(self.config, sort_keys=False))
        return file

    def command(self):
        """The start of a command line that runs snakemake on this study."""
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        return [*command, "--directory", str(self.folder), "--configfile", str(self.configfile())]

    def snakemake(self, *arguments, check=True):
        """Run snakemake on this study; stdout and stderr come back as text."""
        done = subprocess.run(
            [*self.command(), "--cores", "2", *arguments],
            cwd=self.folder, capture_output=True, text=True,
        )  # fmt: skip
        if check:
            assert done.returncode == 0, done.stderr
        return done

    def planned(self, *arguments):
        """Jobs that would run now, as {rule: [output files]}, without `all`."""
        jobs = {}
        for job in plan(ROOT / "Snakefile", self.folder, self.configfile(), *arguments):
            jobs.setdefault(job.rule, []).extend(job.output)
        return jobs

    def refusal(self):
        """What Snakemake says of a study that it does not plan."""
        with pytest.raises(Refused) as refused:
            self.planned()
        return str(refused.value)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The smoke study, run once from nothing."""
    workflow = Workflow(tmp_path_factory.mktemp("study"))
    workflow.log = workflow.snakemake().stderr
    return workflow


@pytest.fixture
def study(finished):
    """The finished smoke study; its config is put back after the test."""
    config = yaml.safe_dump(finished.config)
    yield finished
    finished.config = yaml.safe_load(config)
