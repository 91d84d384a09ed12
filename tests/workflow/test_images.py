"""A network of torchvision, measured on a folder of large images."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import resnet18

from advscape.tables.collect import read_table
from tests.workflow.conftest import Workflow


@pytest.fixture
def workflow(tmp_path):
    made = Workflow(tmp_path)
    rng = np.random.default_rng(0)
    for split in ("train", "val"):
        for label in ("cat", "dog"):
            folder = tmp_path / "images" / split / label
            folder.mkdir(parents=True)
            for i in range(20):
                colours = rng.integers(0, 256, (7, 9, 3), dtype=np.uint8)
                Image.fromarray(colours).resize((140, 128)).save(folder / f"{i}.jpg")
    torch.manual_seed(0)
    model = resnet18(num_classes=3)
    with torch.no_grad():
        model(torch.randn(16, 3, 64, 64))  # moves the running statistics
    torch.save({"state_dict": model.state_dict()}, tmp_path / "resnet18.pt")
    network = made.config["experiments"][1]
    del network["training"], network["grid"]
    network["landscape"]["directions"] = ["filter-normalised"]
    network |= {
        "dataset": {"name": "folder", "path": "images", "resize": 128, "crop": 112,
                    "class_names": ["dog", "yak", "cat"]},
        "model": {"name": "torchvision", "architecture": "resnet18", "normalise": {
            "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}},
        "checkpoints": {"runs": [{"file": "resnet18.pt", "epsilon": 0.5}]},
        "evaluation": {"common_epsilon": 0.5, "attacks": [{"name": "fgsm"}], "samples": 4},
    }  # fmt: skip
    made.config |= {"data_root": ".", "experiments": [network]}
    return made


def test_from_a_folder_of_images_to_the_tables(workflow):
    tables = ("runs", "robustness")
    workflow.snakemake("--", *(f"results/smoke/tables/{table}.csv" for table in tables))
    runs, robustness = (read_table(workflow.results / f"tables/{table}.csv") for table in tables)
    assert runs["model"].tolist() == ["torchvision-resnet18"]
    assert (robustness["n"] == 4).all()
    assert robustness["loss"].notna().all()
    # it has a Hessian, which was shown to be right
    (record,) = workflow.results.glob("runs/*/*/*/checkpoint.json")
    assert '"notes": []' in record.read_text()
    logs = "".join(log.read_text() for log in workflow.results.glob("logs/**/*.log"))
    assert "classes, in the order of their labels: dog, yak, cat" in logs
    # 4 of 40 images are attacked
    assert "decoding: 4 of 4" in logs
