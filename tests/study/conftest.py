"""What the tests of a study share."""

from pathlib import Path

import pytest

from advscape.models.state import save_weights
from tests.sections import built_model


def write_example_weights():
    """In the working folder, the files that studies/checkpoints.yaml measures."""
    model = built_model({"name": "resnet18", "width": 4, "activation": "relu"}, 3, (1, 8, 8))
    for epsilon in ("0", "0.4"):
        run = Path(f"results/smoke/runs/resnet18-digits/eps~{epsilon}/seed~0")
        run.mkdir(parents=True)
        save_weights(model.state_dict(), run / "weights.safetensors")


@pytest.fixture(scope="module")
def monkeypatch_module(tmp_path_factory):
    """A working folder without data, and no data root, for all examples of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ADVSCAPE_DATA", raising=False)
        patch.chdir(tmp_path_factory.mktemp("study"))
        write_example_weights()
        yield patch
