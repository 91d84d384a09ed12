"""Stage `curvature` of a network experiment: Hessians by products with vectors."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from advscape.curvature.hessian import HessianOperator
from advscape.curvature.lanczos import largest_eigenvalue
from advscape.curvature.trace import hutchinson_trace
from advscape.evaluation.evaluate import perturb, score
from advscape.job import Job
from advscape.models.run import NetworkRun, load_run
from advscape.seeds import stream

_LOG = logging.getLogger("advscape.curvature")


def curvature_network(job: Job, dataset: str | Path, weights: str | Path) -> pd.DataFrame:
    """Largest eigenvalue and trace of the clean and of the adversarial loss's Hessian.

    The adversarial one is taken at fixed adversarial inputs: its frozen part, a lower bound. Over
    all parameters, mean over the samples, eval mode, float32, no weight decay.

    Args:
        job: config sections dataset, model, threat, curvature and compute; cell: one run.
        dataset: the prepared dataset.
        weights: the trained weights.

    Returns:
        Rows of curvature.csv.
    """
    run, settings = load_run(job, dataset, weights), job.config["curvature"]
    x, y = run.samples("train", settings["samples"], "curvature samples")
    clean = _measure(run, x, y, settings)
    frozen = clean
    if run.threat.epsilon > 0:
        attack_seed = stream(run.seed, "curvature attack")
        attack = run.attack(settings["attack"])
        perturbed = perturb(run.model, x, y, attack, attack_seed, settings["batch_size"])
        frozen = _measure(run, perturbed, y, settings)
    key = {**run.key, "split": "train", "checkpoint": "last"}
    return pd.DataFrame(
        [
            key | {"loss": "clean", "hessian": "total"} | clean,
            key | {"loss": "adversarial", "hessian": "frozen"} | frozen,
        ]
    )


def _measure(run: NetworkRun, x: Tensor, y: Tensor, settings: dict[str, Any]) -> dict[str, Any]:
    hessian = HessianOperator(run.model, x, y, settings["batch_size"])
    top = largest_eigenvalue(
        hessian,
        settings["tolerance"],
        settings["max_products"],
        _generator(run, settings, "start of Lanczos"),
    )
    trace = hutchinson_trace(hessian, settings["probes"], _generator(run, settings, "trace probes"))
    _LOG.info(
        "lambda_max %.5g, residual %.1e after %d products%s; trace %.5g, standard error %.2g of "
        "%d probes", top.value, top.residual, top.products,
        "" if top.converged else " (not converged)", trace.value, trace.stderr, trace.probes,
    )  # fmt: skip
    norm2 = sum(float(p.detach().double().square().sum()) for p in hessian.parameters)
    return {
        "n": len(y),
        "lambda_max": top.value,
        "lambda_max_residual": top.residual,
        "trace": trace.value,
        "trace_stderr": trace.stderr,
        "probes": trace.probes,
        "products": top.products,
        "converged": top.converged,
        "scaled_lambda_max": norm2 * top.value,
        "scaled_trace": norm2 * trace.value / hessian.dim,
        "mean_p1p": score(run.model, x, y, settings["batch_size"]).mean_p1p,
    }


def _generator(run: NetworkRun, settings: dict[str, Any], name: str) -> torch.Generator:
    """The same draws for every run of an experiment, so that their differences are paired."""
    return torch.Generator(run.device).manual_seed(stream(settings["seed"], name))
