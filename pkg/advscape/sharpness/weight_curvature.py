r"""The weight-curvature index: layer by layer, the size of the weights times their curvature.

.. math:: \sum_l \sqrt{\|W_l\|_F^2 \, \mathrm{tr}\, H_l}

H_l is the block of weight matrix W_l in the Hessian of the adversarial loss. Xu and Zhang 2024
(arXiv 2410.07719) make the index of these two factors, by a PAC-Bayesian bound; of their text we
could read the abstract and the introduction only. The square root is what such a bound comes to:
a Gaussian of variance s costs |W_l|^2 / (2 s) and raises the loss by s tr H_l / 2, least together
at sqrt(|W_l|^2 tr H_l). Rescaling a pair of ReLU layers does not change it.
"""

import logging
import math
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from advscape.curvature.exact_trace import exact_traces
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.proof import UnprovenHessian
from advscape.curvature.trace import layer_traces
from advscape.models.restored import trained
from advscape.sharpness.estimate import Sharpness
from advscape.sharpness.network import Found, TrainedNetwork

_LOG = logging.getLogger("advscape.sharpness")


class Settings(Protocol):
    """Settings of the index: probes of its traces."""

    probes: int


def weight_curvature(
    network: TrainedNetwork, measures: Sequence[str], weight_curvature: Settings
) -> Iterator[Found]:
    """The index of the adversarial loss; not a number where the Hessian cannot be measured."""
    probes = weight_curvature.probes
    try:
        found = weight_curvature_index(
            network.model, network.perturbed, network.y, network.batch_size, probes,
            network.generator("weight curvature"),
        )  # fmt: skip
    except (UnprovenHessian, FloatingPointError) as error:
        _LOG.warning("weight-curvature index: %s", error)
        found = Sharpness(math.nan, math.nan, math.nan, probes, len(network.y))
    yield Found(("adversarial",), "weight_curvature", None, None, found)


def weight_curvature_index(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    batch_size: int,
    probes: int,
    generator: torch.Generator,
) -> Sharpness:
    """The index over all weights of two or more axes, with the noise held while weights move.

    Exact where the traces are (:func:`advscape.curvature.exact_trace.exact_traces`). Else a layer
    whose estimated trace is negative counts as 0, and the log says how many do; the standard error
    is the jackknife's over the probes.

    Args:
        model: gives (n, classes) logits; used in eval mode and left as it was.
        x: (n, ...) inputs, perturbed by the attack.
        y: (n,) labels.
        batch_size: samples per Hessian-vector product.
        probes: of Hutchinson's estimate of all traces, at least 2.
        generator: of the probes.

    Raises:
        ValueError: fewer than 2 probes.
        FloatingPointError: a product with the Hessian is not finite.
    """
    weights = [p for p in trained(model) if p.ndim > 1]
    operator = HessianOperator(model, x, y, batch_size, weights)
    norms = np.array([float(w.detach().double().norm()) for w in weights])
    if (exact := exact_traces(operator, probes)) is not None:
        traces = np.array([layer.value for layer in exact.layers])
        return Sharpness(_index(norms, traces), 0.0, math.nan, 0, len(y))
    layers = layer_traces(operator, probes, generator).layers
    samples = np.array([layer.samples for layer in layers]).T
    negative = int((samples.mean(axis=0) < 0).sum())
    if negative:
        _LOG.warning("weight-curvature index: %d of %d traces below 0", negative, len(weights))
    left_out = (samples.sum(axis=0) - samples) / (probes - 1)
    values = np.array([_index(norms, traces) for traces in left_out])
    spread = (probes - 1) * float(values.std(ddof=1))
    return Sharpness(
        _index(norms, samples.mean(axis=0)), spread / probes**0.5, spread, probes, len(y)
    )


def _index(norms: np.ndarray, traces: np.ndarray) -> float:
    return float((norms * np.sqrt(traces.clip(min=0))).sum())
