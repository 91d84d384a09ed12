"""One cluster for all tests here, and studies that send their jobs to it."""

import pytest

from tests.cluster.slurm import Slurm, missing
from tests.cluster.studies import HeldStudy, Submitted


@pytest.fixture(scope="session")
def slurm():
    if problem := missing():
        pytest.exit(problem, returncode=1)
    cluster = Slurm()
    try:
        cluster.wait_until_up()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def submit(slurm):
    """Start Snakemake with the SLURM profile; what still runs at the test's end is killed."""
    started = []

    def start(study, *arguments, **options):
        started.append(Submitted(slurm, study, *arguments, **options))
        return started[-1]

    yield start
    for run in started:
        run.kill()
        slurm.run("scancel", f"--name={run.id}")


@pytest.fixture
def held(tmp_path):
    return HeldStudy(tmp_path)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """The held study, run here without being held: what every other run has to end with."""
    study = HeldStudy(tmp_path_factory.mktemp("undisturbed"))
    study.snakemake(study.TARGET)
    return study
