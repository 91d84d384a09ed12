"""The stage's rows where something cannot be measured."""

from collections import defaultdict

import numpy as np
import pytest
import torch
from torch import nn

from advscape.stages.curvature_network import _Split
from advscape.stages.record import Record
from advscape.study.config.curvature import NetworkCurvature
from advscape.study.config.section import FOR_JOBS
from tests.networks import small_net
from tests.stages.runs import network_run

SETTINGS = {"samples": 8, "attack": {"steps": 3}, "probes": 2, "eigenvectors": 2}


class Noisy(nn.Module):
    """Draws noise at every call."""

    def __init__(self):
        super().__init__()
        self.net = small_net(activation=nn.GELU)

    def forward(self, x):
        return self.net(x + 0.1 * torch.randn_like(x))


def measured(epsilon, model=None, **settings):
    """Rows by table, and eigenvectors, of one split."""
    run, rows = network_run(epsilon, model=model), defaultdict(list)
    checked = NetworkCurvature.model_validate(SETTINGS | settings)
    section = Record(checked.model_dump(mode="json", context=FOR_JOBS))
    split = _Split(run, section, "train", rows)
    split.measure()
    return rows, split.top_vectors()


@pytest.mark.parametrize("epsilon", [0, 0.3])
def test_what_is_not_measured_says_why_and_the_tables_are_there(epsilon):
    rows, vectors = measured(epsilon, Noisy())
    parts = {(row["loss"], row["hessian"]) for row in rows["curvature"]}
    wanted = {("clean", "total"), ("adversarial", "frozen"), ("adversarial", "total")}
    assert parts == wanted | ({("adversarial", "response")} if epsilon else set())
    for row in rows["curvature"]:
        assert "a product is off by" in row["reason"]
        assert row["n"] == 8
        assert "lambda_max" not in row
        assert "half_spread" not in row
    assert not rows["layers"]
    assert not rows["finite_scale"]
    assert vectors.shape == (0, sum(p.numel() for p in Noisy().parameters()))


def test_measured_rows_have_no_reason():
    rows, vectors = measured(0.3, small_net(activation=nn.GELU))
    assert all("reason" not in row for row in rows["curvature"])
    assert len(vectors) == 2


@pytest.mark.parametrize("epsilon", [0, 0.3])
def test_one_sample_has_no_halves(epsilon):
    rows, _ = measured(epsilon, samples=1)
    frozen = [row for row in rows["curvature"] if row["hessian"] == "frozen"]
    assert len(frozen) == 1
    assert np.isfinite(frozen[0]["lambda_max"])
    assert "half_spread" not in frozen[0]
