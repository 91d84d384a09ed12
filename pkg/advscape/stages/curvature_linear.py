"""Stage `curvature` of a linear experiment: dense Hessians in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from advscape.linear.arms import training_loss
from advscape.linear.path import load_path
from advscape.linear.robust_loss import LinearModel, RobustLoss
from advscape.linear.span import spanning
from advscape.seeds import stream
from advscape.stages.job import Job
from advscape.stages.linear_samples import load_split

if TYPE_CHECKING:
    from advscape.study.config.study import LinearExperiment


def curvature_linear(
    job: Job[LinearExperiment], dataset: str | Path, weights: str | Path
) -> pd.DataFrame:
    """Largest eigenvalue and trace of the data term's Hessian over w.

    The adversarial loss is the one that the arm minimises, in three parts: frozen, response and
    total. The clean loss has no noise, so its Hessian is the total one. A collapsed run has no
    Hessian; its cells are empty.

    Args:
        job: config sections dataset and threat; cell: seed.
        dataset: the prepared dataset.
        weights: the seed's models.

    Returns:
        Rows of curvature.csv.
    """
    seed, norm = job.cell["seed"], job.sections.threat.norm
    parts = load_split(job, dataset)
    rows = []
    for cell, model in load_path(weights).items():
        for split, samples in parts.items():
            noise_seed = stream(seed, "random noise" if split == "train" else "random test noise")
            losses = {
                "adversarial": training_loss(samples, cell, norm, noise_seed),
                "clean": RobustLoss(samples.x, samples.t, 0.0),
            }
            for name, loss in losses.items():
                key = {**cell._asdict(), "seed": seed, "split": split, "checkpoint": "last",
                       "loss": name}  # fmt: skip
                rows += [key | values for values in _measure(loss, model, name)]
    return pd.DataFrame(rows)


def _measure(loss: RobustLoss, model: LinearModel, name: str) -> Iterator[dict[str, Any]]:
    """One row per part of the Hessian; without noise the frozen part is all there is."""
    common = {"n": len(loss.t), "mean_p1p": loss.mean_p1p(model)}
    parts: dict[str, np.ndarray | None] = dict.fromkeys(("frozen", "response", "total"))
    # across a kink of the Linf loss there is no Hessian: it is taken over the other weights
    support = np.flatnonzero(model.w) if loss.norm == "linf" else np.arange(len(model.w))
    common["support"] = len(support)
    outside = dict.fromkeys(("frozen", "response", "total"), 0.0)
    if model.norm > 0:
        within = replace(loss, x=loss.x[:, support])
        kept = LinearModel(model.w[support], model.b)
        if loss.norm == "l2" and len(loss.t) + 1 < len(support):
            # in the span of the samples and w; beyond it the response is a multiple of 1
            basis = spanning(np.vstack([within.x, kept.w]))
            within, kept = replace(within, x=within.x @ basis), LinearModel(kept.w @ basis, kept.b)
            outside |= dict.fromkeys(("response", "total"), within.response_strength(kept))
        frozen, response = within.hessian(kept, "frozen"), within.hessian(kept, "response")
        parts = {"frozen": frozen, "response": response, "total": frozen + response}
    for part, hessian in parts.items():
        if name == "adversarial" or part == "total":
            values = {}
            if hessian is not None:
                values = _spectrum(hessian, model.norm, len(support), outside[part])
            yield {"hessian": part} | common | values


def _spectrum(hessian: np.ndarray, norm: float, dim: int, outside: float) -> dict[str, float]:
    """Of a matrix (dim, dim) that is the given one, and beside it a multiple of the identity."""
    values, vectors = np.linalg.eigh(hessian)
    more = dim - len(hessian)
    top, v = float(values[-1]), vectors[:, -1]
    residual = float(np.linalg.norm(hessian @ v - top * v))
    if more and outside > top:
        top, residual = outside, 0.0
    trace = float(np.trace(hessian)) + more * outside
    return {
        "lambda_max": top,
        "lambda_max_residual": residual,
        "trace": trace,
        "trace_stderr": 0.0,
        "scaled_lambda_max": norm**2 * top,
        "scaled_trace": norm**2 * trace / dim,
        "converged": True,
    }
