"""What goes wrong on clusters: every run ends with the bytes of one that nothing happened to."""

import re
import shlex
import subprocess

import pytest

from tests.cluster.studies import HeldStudy, Submitted, wait_for
from tests.conftest import ROOT

pytestmark = pytest.mark.cluster

RECOVERY = re.search(
    r"^## Recovery on a cluster.*?```sh\n(.*?)```",
    (ROOT / "docs/reliability.md").read_text(), re.S | re.M,
)[1]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def limited(slurm, tmp_path_factory):
    """A training held until its time limit; that takes a minute, and other tests pass meanwhile."""
    study = HeldStudy(tmp_path_factory.mktemp("limited"))
    study.seeds(0)
    study.hold(1)
    asked = ["train_network:runtime=attempt", "train_network:mem_mb=attempt * 1000"]
    run = Submitted(slurm, study, "--set-resources", *asked, "--", study.TARGET)
    yield study, run
    run.kill()


def all_wait(study, count):
    return wait_for(
        lambda: len(study.waiting()) == count and study.waiting(), f"{count} trainings held"
    )


def assert_same_as(undisturbed, study, *seeds):
    for seed in seeds:
        for name in ("weights.safetensors", "best.safetensors"):
            assert (study.run(seed) / name).read_bytes() == (
                undisturbed.run(seed) / name
            ).read_bytes()
        assert not list(study.run(seed).glob(".checkpoint*"))


def stamps(folder):
    """Which files there are, and when each was written."""
    return {(file.name, file.stat().st_ino, file.stat().st_mtime_ns) for file in folder.iterdir()}


def resumed(study, seed):
    """Whether the run's last job went on from a checkpoint."""
    log = study.results / f"logs/train/held/eps~0.4/seed~{seed}.log"
    return re.search(r"resuming after step [1-9]", log.read_text()) is not None


def test_one_job_cancelled(held, submit, slurm, undisturbed):
    held.hold(2)
    run = submit(held, held.TARGET)
    unlucky, other = all_wait(held, 2)
    slurm.run("scancel", unlucky)
    run.says("SLURM status is: 'CANCELLED'")
    held.release(other)
    run.succeeds()
    jobs = {job: slurm.show(job) for job in run.jobs()}
    assert len(jobs) == 3
    assert jobs.pop(unlucky)["JobState"] == "CANCELLED"
    assert {job["JobState"] for job in jobs.values()} == {"COMPLETED"}
    assert jobs[other]["Restarts"] == "0"
    assert resumed(held, 0) != resumed(held, 1)
    assert_same_as(undisturbed, held, 0, 1)


def test_snakemake_killed(held, submit, slurm, undisturbed):
    """The documented recovery, word for word; the run that had ended is not trained again."""
    held.hold(2)
    run = submit(held, held.TARGET)
    lucky, orphan = all_wait(held, 2)
    held.release(lucky)
    run.says("1 of 4 steps")  # the dataset
    run.says("2 of 4 steps")
    run.kill()
    (done,) = [seed for seed in (0, 1) if (held.run(seed) / "train.json").exists()]
    written = stamps(held.run(done))
    assert slurm.queue(f"--name={run.id}") == [orphan]
    refused = held.snakemake(held.TARGET, check=False)
    assert refused.returncode != 0
    assert "--unlock" in refused.stderr
    recover(held, slurm)
    assert slurm.queue(f"--name={run.id}") == []
    again = submit(held, held.TARGET)
    again.succeeds()
    assert len(again.jobs()) == 1
    assert resumed(held, 1 - done)
    assert stamps(held.run(done)) == written
    assert_same_as(undisturbed, held, 0, 1)


def test_snakemake_killed_and_its_jobs_left_to_end(held, submit, slurm, undisturbed):
    """Waiting for the jobs instead: what they write while nobody looks counts too."""
    held.seeds(0)
    run = submit(held, held.TARGET)
    wait_for(run.jobs, "a job in the queue")
    run.kill()
    wait_for(lambda: slurm.queue(f"--name={run.id}") == [], "the job's end")
    written = stamps(held.run(0))
    assert_same_as(undisturbed, held, 0)
    held.snakemake("--unlock")
    again = submit(held, held.TARGET)
    again.succeeds()
    assert again.jobs() == []
    assert stamps(held.run(0)) == written


def test_time_limit(limited, slurm, undisturbed):
    study, run = limited
    run.succeeds()
    first, second = map(slurm.show, run.jobs())
    assert (first["JobState"], second["JobState"]) == ("TIMEOUT", "COMPLETED")
    assert study.waiting() == [first["JobId"]]
    assert (first["TimeLimit"], second["TimeLimit"]) == ("00:01:00", "00:02:00")
    assert (first["MinMemoryNode"], second["MinMemoryNode"]) == ("1000M", "2000M")
    assert resumed(study, 0)
    assert_same_as(undisturbed, study, 0)


def recover(study: HeldStudy, slurm) -> None:
    """Do as docs/reliability.md says, in the study's folder and with its options."""
    snakemake = shlex.join(study.command())
    commands = RECOVERY.replace("snakemake --unlock", f"{snakemake} --unlock")
    assert commands != RECOVERY
    done = subprocess.run(
        ["bash", "-euc", commands], cwd=study.folder, env=slurm.environment, capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_node_lost(held, submit, slurm, undisturbed):
    """Last: the node takes along all of its jobs, and none is held for its time limit any more."""
    held.seeds(0)
    held.hold(1)
    run = submit(held, held.TARGET)
    (job,) = all_wait(held, 1)
    node = slurm.show(job)["NodeList"]
    with slurm.lost(node):
        wait_for(lambda: slurm.show(job)["Restarts"] == "1", f"{node} lost")
        # SLURM would wait for two minutes
        slurm.run("scontrol", "update", f"JobId={job}", "StartTime=now")
        run.succeeds()
    assert run.jobs() == [job]
    assert slurm.show(job)["NodeList"] != node
    assert "Trying to restart" not in run.log
    assert resumed(held, 0)
    assert_same_as(undisturbed, held, 0)
