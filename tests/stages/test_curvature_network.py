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


def measured(epsilon, model=None, threat=(), **settings):
    """Rows by table, and eigenvectors, of one split."""
    run, rows = network_run(epsilon, *threat, model=model), defaultdict(list)
    checked = NetworkCurvature.model_validate(SETTINGS | settings)
    section = Record(checked.model_dump(mode="json", context=FOR_JOBS))
    split = _Split(run, section, "train", rows)
    split.measure()
    return rows, split.top_vectors


@pytest.mark.parametrize("epsilon", [0, 0.3])
def test_what_is_not_measured_says_why_and_the_tables_are_there(epsilon):
    rows, vectors = measured(epsilon, Noisy())
    parts = {(row["loss"], row["hessian"]) for row in rows["curvature"]}
    of_noise = {"frozen", "total"} | ({"response"} if epsilon else {"gauss-newton", "functional"})
    assert parts == {("clean", "total")} | {("adversarial", part) for part in of_noise}
    for row in rows["curvature"]:
        assert "a product is off by" in row["reason"]
        assert row["n"] == 8
        assert "lambda_max" not in row
        assert "half_spread" not in row
    assert not any(rows[t] for t in ("layers", "eigenvalues", "maxima", "finite_scale"))
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


def terms(rows):
    return {row["hessian"]: row for row in rows["curvature"] if row["loss"] == "adversarial"}


@pytest.mark.parametrize("threat", [("l2",), ("l2", True), ("linf",), ("linf", True)], ids=str)
def test_three_terms_sum_to_the_total_where_noise_responds(threat):
    rows, _ = measured(
        0.2, small_net(activation=nn.GELU), threat, samples=12, largest=3, smallest=2,
        response={"polish_steps": 60, "cg_tolerance": 1e-10, "kkt_tol": 1e-6},
    )  # fmt: skip
    found = terms(rows)
    kind = "sphere" if threat[0] == "l2" else "free coordinates"
    counts = {row["kind"]: row["n"] for row in rows["maxima"]}
    assert counts[kind] >= 6
    assert sum(counts.values()) == 12
    assert sum(row["loss_share"] for row in rows["maxima"]) == pytest.approx(1)
    parts = [found[name] for name in ("gauss-newton", "functional", "response")]
    total = found["total"]
    assert {part["n"] for part in [*parts, total]} == {counts[kind]}
    assert sum(part["trace"] for part in parts) == pytest.approx(total["trace"], rel=1e-6)
    for part in (found["response"], total):
        assert 0 < part["response_loss_share"] <= 1
        assert 0 < part["firmness"] <= 1 + 1e-6
        assert 0 < part["largest_share"] <= 1
        assert 0 <= part["maxima_error"] < 1e-3 * part["lambda_max"]
        assert part["half_spread"] >= 0
        assert part["lambda_max_sample_stderr"] > 0
    of_total = [row for row in rows["eigenvalues"]
                if (row["loss"], row["hessian"]) == ("adversarial", "total")]  # fmt: skip
    assert [(row["end"], row["rank"]) for row in of_total] == [
        ("largest", 1), ("largest", 2), ("largest", 3), ("smallest", 1), ("smallest", 2),
    ]  # fmt: skip
    assert of_total[0]["eigenvalue"] == total["lambda_max"]
    assert of_total[3]["eigenvalue"] == total["lambda_min"]
    assert total["min_to_max"] == pytest.approx(abs(total["lambda_min"]) / total["lambda_max"])
    assert not rows["finite_scale"]


@pytest.mark.parametrize("epsilon", [0, 0.3])
def test_a_network_with_kinks_has_curvature_at_finite_scales(epsilon):
    rows, _ = measured(epsilon, small_net(activation=nn.ReLU), samples=12,
                       finite_scale={"radii": [0.001, 0.1], "steps": 4})  # fmt: skip
    found = rows["finite_scale"]
    assert [(row["direction"], row["scale"]) for row in found] == [
        (direction, scale) for scale in (0.001, 0.1) for direction in ("largest", "random")
    ]
    for row in found:
        assert row["n"] == 12
        assert row["total"] >= row["frozen"] - row["centre_missing"] - 1e-6 or epsilon
        if epsilon == 0:
            assert row["total"] == row["frozen"]
    terms_sum = sum(terms(rows)[name]["trace"] for name in ("gauss-newton", "functional"))
    if not (n := terms(rows)["total"].get("n_response")) or n < 6:
        assert terms_sum == pytest.approx(terms(rows)["frozen"]["trace"], rel=1e-6)
