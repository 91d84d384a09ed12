"""The same study on SLURM gives the same tables."""

import pandas as pd
import pytest

from tests.workflow.conftest import Workflow

pytestmark = pytest.mark.cluster

#: what may differ between two runs of a study
OF_THE_MACHINE = ["wall_s", "device", "images_per_s"]


def without_machine(file):
    text = pd.read_csv(file, dtype=str, keep_default_na=False)
    return text.drop(columns=OF_THE_MACHINE, errors="ignore")


def test_smoke_study_gives_the_same_tables(tmp_path, submit, slurm):
    folders = [tmp_path / "slurm", tmp_path / "here"]
    for folder in folders:
        folder.mkdir()
    there, here = map(Workflow, folders)
    run = submit(there)
    here.snakemake()
    run.succeeds()
    tables = sorted(file.name for file in (here.results / "tables").iterdir())
    assert "curvature.csv" in tables
    assert tables == sorted(file.name for file in (there.results / "tables").iterdir())
    pairs = [f"tables/{name}" for name in tables]
    pairs += [str(file.relative_to(here.results)) for file in here.results.rglob("history.csv")]
    for name in pairs:
        pd.testing.assert_frame_equal(
            without_machine(there.results / name), without_machine(here.results / name)
        )
    weights = [*here.results.rglob("weights.safetensors"), *here.results.rglob("best.safetensors")]
    assert len(weights) == 2 + 2 * 2
    for file in weights:
        twin = there.results / file.relative_to(here.results)
        assert twin.read_bytes() == file.read_bytes(), file
    assert (there.results / "report.html").stat().st_size > 100_000
    # every job of a run went through SLURM, once
    jobs = [slurm.show(job) for job in run.jobs()]
    # four stages of two linear seeds; of two networks seven jobs, two of them landscapes
    assert len(jobs) == 2 * 4 + 2 * 7
    assert {job["JobState"] for job in jobs} == {"COMPLETED"}
    trained = [job for job in jobs if job["Comment"].startswith("rule_train_network")]
    assert {job["TimeLimit"] for job in trained} == {"12:00:00"}
