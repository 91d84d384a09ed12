"""What a training job says in its log."""

import numpy as np
import pytest

from advscape.data.prepared import Prepared
from advscape.stages import train_network as stage
from advscape.stages.job import Job
from advscape.study.spec import stage_spec
from tests.stages.test_try_network import experiment


@pytest.mark.usefixtures("torch_as_it_was")
@pytest.mark.parametrize(
    ("precision", "flags", "said"),
    [
        ("bfloat16", [], True),
        ("bfloat16", ["avx512_bf16"], False),
        ("bfloat16", ["amx_bf16", "avx512_bf16"], False),
        ("bfloat16", None, False),  # nothing is known of it
        ("float32", [], False),
    ],
)
def test_bfloat16_is_doubted_where_the_cpu_has_no_arithmetic_for_it(
    tmp_path, monkeypatch, caplog, precision, flags, said
):
    monkeypatch.setattr(stage, "bfloat16_flags", lambda: flags)
    images = np.random.default_rng(0).integers(0, 255, (40, 1, 4, 4)).astype(np.uint8)
    Prepared(images, np.arange(40) % 3, np.zeros(40, dtype=bool), 255.0).save(tmp_path / "data.npz")
    model = {"name": "custom", "function": "tests.users_networks:Plain", "label": "own"}
    compute = {"precision": precision, "device": "cpu"}
    spec = stage_spec("train", experiment(model, compute=compute), "code")
    job = Job(spec(epsilon=0, seed=0, noise="aligned"))
    files = (tmp_path / name for name in ("weights", "best", "checkpoint", "snapshots"))
    runs, _ = stage.train_network(job, tmp_path / "data.npz", *files)
    assert runs["epochs"].tolist() == [1]
    lines = [record.getMessage() for record in caplog.records]
    doubts = [line for line in lines if line.startswith("compute.precision: bfloat16 on a CPU")]
    assert len(doubts) == said
