"""The profile's switched-off lines, switched on as its comments say, and what SLURM then hears."""

import re

import pytest

from tests.cluster.studies import wait_for
from tests.conftest import ROOT

pytestmark = pytest.mark.cluster


@pytest.fixture
def profile(tmp_path):
    """Write the profile with some of its lines switched on; its folder."""

    def write(*lines):
        text = (ROOT / "profiles/slurm/profile.yaml").read_text()
        for line in lines:
            text, count = re.subn(f"^( *)#{re.escape(line)}$", rf"\1{line}", text, flags=re.M)
            assert count > 0, line
        (tmp_path / "profile").mkdir()
        (tmp_path / "profile/profile.yaml").write_text(text)
        return tmp_path / "profile"

    return write


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        ([], {"TresPerJob": None, "TresPerNode": None, "Partition": "main"}),
        (["gpu: 1"], {"TresPerJob": "gres:gpu:1", "TresPerNode": None}),
        (["gpu: 1", "gpu_model: a100"], {"TresPerJob": "gres:gpu:a100:1"}),
        (
            ["gpu: 0", 'gres: "gpu:a100:1"', "slurm_partition: gpu"],
            {"TresPerJob": None, "TresPerNode": "gres:gpu:a100:1", "Partition": "gpu"},
        ),
    ],
    ids=["as it is", "gpu", "gpu model", "gres and partition"],
)
def test_what_a_training_asks_for(held, submit, slurm, profile, lines, asked):
    held.seeds(0)
    run = submit(held, held.TARGET, profile=profile(*lines))
    (job,) = wait_for(run.jobs, "a job in the queue")
    found = slurm.show(job)
    assert {name: found.get(name) for name in asked} == asked
    assert (found["TimeLimit"], found["MinMemoryNode"]) == ("12:00:00", "8000M")
    assert found["Requeue"] == "1"


def test_a_group_asks_for_one_gpu_and_the_summed_time(held, submit, slurm, profile):
    held.seeds(0)
    groups = [
        "groups: {evaluate_network: measure, curvature_network: measure, "
        "landscape_network: measure, sharpness_network: measure}",
        "group-components: {measure: 8}",
        "resources: {gpu: 1}",
        "set-resource-scopes: {gpu: local}",
    ]
    tables = [
        f"results/held/tables/{name}.csv"
        for name in ("robustness", "curvature", "landscape", "sharpness")
    ]
    run = submit(held, *tables, profile=profile("gpu: 1", *groups))
    run.succeeds()
    train, group = map(slurm.show, run.jobs())
    assert (train["TresPerJob"], train["TimeLimit"]) == ("gres:gpu:1", "12:00:00")
    assert (group["TresPerJob"], group["NumCPUs"]) == ("gres:gpu:1", "1")
    assert (group["TimeLimit"], group["MinMemoryNode"]) == ("14:00:00", "16000M")
    assert all((held.folder / table).exists() for table in tables)
