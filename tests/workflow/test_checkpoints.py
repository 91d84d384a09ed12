"""Networks of a plain PyTorch script, from its files to the tables, as a user would."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from advscape.tables.collect import read_table
from tests.workflow.conftest import Workflow

MODEL = """
from torch import nn

class Net(nn.Module):
    def __init__(self, classes, shape=(1, 8, 8)):
        super().__init__()
        self.conv = nn.Conv2d(shape[0], 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(64, classes)

    def forward(self, x):
        return self.head(nn.functional.avg_pool2d(self.norm(self.conv(x)).relu(), 2).flatten(1))
"""
#: imports nothing of ours
SCRIPT = """
import torch
from net import Net
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
digits = load_digits()
x = torch.tensor(digits.images / 16, dtype=torch.float32)[:, None]
y = torch.tensor(digits.target)
x, y = (x[y < 3] - 0.5) / 0.02, y[y < 3]
net = Net(3)
optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
for epoch in (1, 2, 3):
    for batch in torch.randperm(len(x)).split(64):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
        optimizer.step()
    torch.save({"state_dict": net.state_dict(), "epoch": epoch}, f"epoch{epoch}.pth")
torch.save(net.state_dict(), "bare.pt")
torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict()}, "nested.ckpt")
torch.save(nn.DataParallel(net).state_dict(), "parallel.pt")
torch.save(torch.compile(net).state_dict(), "compiled.pt")
"""
FILES = ["bare.pt", "nested.ckpt", "parallel.pt", "compiled.pt", "epoch3.pth", "safe.safetensors"]
OF_A_FIGURE = [
    "results/smoke/tables/curvature.csv", "results/smoke/figures/curvature_resnet18-digits.png",
]  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("script")
    (folder / "net.py").write_text(MODEL)
    (folder / "script.py").write_text(SCRIPT)
    subprocess.run([sys.executable, "script.py"], cwd=folder, check=True)
    save_file(torch.load(folder / "bare.pt", weights_only=True), folder / "safe.safetensors")
    return folder


@pytest.fixture
def workflow(tmp_path, trained):
    made = Workflow(tmp_path)
    network = made.config["experiments"][1]
    del network["training"], network["grid"], network["landscape"]["plane"]
    network["landscape"] |= {"directions": ["filter-normalised"], "jobs": 1}
    network["sharpness"]["measures"] = ["average"]
    network["dataset"]["test_fraction"] = 0.25
    network["model"] = {
        "name": "custom", "function": "net:Net", "label": "net",
        "normalise": {"mean": [0.5], "std": [0.02]},
    }  # fmt: skip
    network["checkpoints"] = {"runs": []}
    made.config["experiments"] = [network]
    made.network = network
    (tmp_path / "net.py").write_text(MODEL)
    (tmp_path / "weights").symlink_to(trained)
    return made


def test_every_form_of_a_file_is_the_same_network(workflow):
    network = workflow.network
    network["checkpoints"] = {"pattern": "weights/{label}", "labels": FILES}
    workflow.snakemake("--", "results/smoke/tables/runs.csv")
    runs = read_table(workflow.results / "tables/runs.csv")
    assert runs["label"].tolist() == FILES
    assert runs["file"].tolist() == [f"weights/{name}" for name in FILES]
    weights = list(workflow.results.glob("runs/*/*/*/weights.safetensors"))
    assert len(weights) == len(FILES)
    # all that is measured is measured on these
    assert len({file.read_bytes() for file in weights}) == 1


def test_the_published_accuracy_tells_whether_inputs_are_normalised(workflow):
    network = workflow.network
    expect = {"accuracy": 1.0, "within": 0.05}
    network["checkpoints"] = {"runs": [{"file": "weights/bare.pt"}], "expect": expect}
    network["evaluation"]["attacks"] = [{"name": "fgsm"}]
    for forgotten in (False, True):
        if forgotten:
            del network["model"]["normalise"]
        file = "results/smoke/runs/resnet18-digits/eps~unknown/seed~0/sanity.csv"
        workflow.snakemake("--", file)
        rows = pd.read_csv(workflow.folder / file)
        (published,) = rows[rows["check"] == "accuracy as published"].to_dict("records")
        assert published["ok"] is not forgotten


def test_a_run_of_epochs_to_a_figure(workflow):
    section = {"pattern": "weights/epoch{epoch}.pth", "epochs": [1, 2], "epsilons": [0]}
    workflow.network["checkpoints"] = section
    workflow.snakemake("--", *OF_A_FIGURE)
    curvature = read_table(workflow.results / "tables/curvature.csv")
    assert set(curvature["epoch"]) == {1, 2}
    assert curvature["label"].isna().all()
    assert workflow.planned("--", *OF_A_FIGURE) == {}
    # another epoch is measured alone
    section["epochs"].append(3)
    planned = workflow.planned("--", *OF_A_FIGURE)
    (taken,) = {str(Path(file).parent) for file in planned["take_network"]}
    assert taken.endswith("eps~0,epoch~3/seed~0")
    assert all("epoch~3/" in file for file in planned["curvature_network"])


def test_what_does_not_fit_is_one_line_before_any_job(workflow, tmp_path):
    class Other(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 4, 3)

    torch.save(Other().state_dict(), tmp_path / "other.pt")
    runs = [{"file": "weights/bare.pt"}, {"file": "other.pt", "label": "other"}]
    workflow.network["checkpoints"] = {"runs": runs}
    done = workflow.snakemake(check=False)
    assert done.returncode != 0
    line = done.stderr.strip().splitlines()[-1]
    assert line == (
        "config: experiments[0].checkpoints.runs[1].file: other.pt does not fit the model custom "
        "(net:Net): 6 of the network's 9 are missing (norm.weight, norm.bias, norm.running_mean, "
        "...)"
    )
    assert not workflow.results.exists()


def test_a_network_that_cannot_be_made_is_no_fault_of_the_file(workflow, tmp_path):
    workflow.network["checkpoints"] = {"runs": [{"file": "weights/bare.pt"}]}
    (tmp_path / "net.py").write_text("def Net(classes, shape):\n    raise OSError('no part')\n")
    done = workflow.snakemake(check=False)
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("config: experiments[0].model: model custom (net:Net): OSError: no part")
