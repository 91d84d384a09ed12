"""Studies on a cluster, run by Snakemake with the profile that users get."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import yaml

from tests.cluster.slurm import Slurm
from tests.conftest import ROOT
from tests.workflow.conftest import Workflow

#: the profile's times are for clusters where jobs take hours
QUICK = [
    "--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "2",
]  # fmt: skip


def wait_for(condition, what, seconds=180.0):
    """Return the condition's first true value, or say what did not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds:g} s: {what}")


class HeldStudy(Workflow):
    """Short trainings that can be made to stand still."""

    TARGET = "results/held/tables/runs.csv"

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.results = folder / "results/held"
        here = Path(__file__).parent
        self.config = yaml.safe_load((here / "held.yaml").read_text())
        shutil.copy(here / "held_model.py", folder)

    def seeds(self, *seeds: int) -> None:
        """Train these."""
        self.config["experiments"][0]["grid"]["seeds"] = list(seeds)

    def run(self, seed: int) -> Path:
        """The folder of a seed's run."""
        return self.results / f"runs/held/eps~0.4/seed~{seed}"

    def hold(self, count: int) -> None:
        """Let the next trainings that come by stand still."""
        for name in ("hold", "waiting"):
            (self.folder / name).mkdir()
        for i in range(count):
            (self.folder / "hold" / str(i)).touch()

    def waiting(self) -> list[str]:
        """The SLURM jobs that stand still."""
        return sorted(file.name for file in (self.folder / "waiting").iterdir())

    def release(self, *jobs: str) -> None:
        """Let trainings go on."""
        for job in jobs:
            (self.folder / "waiting" / job).unlink()


class Submitted:
    """A Snakemake that sends a study's jobs to the cluster."""

    def __init__(
        self,
        slurm: Slurm,
        study: Workflow,
        *arguments: str,
        profile: Path = ROOT / "profiles/slurm",
    ):
        self._slurm = slurm
        number = len(list(study.folder.glob("submitted-*.log")))
        self._log = study.folder / f"submitted-{number}.log"
        command = [*study.command(), "--workflow-profile", str(profile), *QUICK]
        with open(self._log, "w") as log:
            self._process = subprocess.Popen(
                [*command, *arguments], cwd=study.folder, env=slurm.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self._log.read_text()

    @property
    def id(self) -> str | None:
        """The name that the plugin gives to all SLURM jobs of one Snakemake."""
        found = re.search(r"^SLURM run ID: (\S+)", self.log, re.M)
        return found and found[1]

    def jobs(self) -> list[str]:
        """Ids of all its SLURM jobs, ended ones too, in the order they were submitted."""
        return sorted(self._slurm.queue("--states=all", f"--name={self.id}"), key=int)

    def says(self, words: str) -> None:
        """Wait until it says so."""
        wait_for(lambda: words in self.log, f"{words!r} in\n{self.log}")

    def succeeds(self, seconds: float = 480.0) -> None:
        """Wait for its end, which has to be a good one."""
        code = self._process.wait(seconds)
        assert code == 0, self.log

    def kill(self) -> None:
        """End it as a crash would: its jobs go on."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
