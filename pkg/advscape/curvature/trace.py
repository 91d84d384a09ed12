"""Traces of an operator and layer by layer: Hutchinson's estimate with its standard error."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch

from advscape.curvature.known_part import KnownPart
from advscape.curvature.krylov import dots
from advscape.curvature.products import LayeredProducts, finite_product

_LOG = logging.getLogger("advscape.curvature")
#: probes before the spread is first believed, where an accuracy is asked for
_PILOT = 20


@dataclass(frozen=True)
class Trace:
    """A trace estimate.

    Attributes:
        value: the estimate.
        stderr: its standard error.
        probes: random vectors it is made of; 0 if it is exact.
        products: Hessian-vector products used.
        converged: whether the standard error is within the accuracy that was asked for; true
            where none was.
        samples: what each probe says, independent of the others; ``value`` is their mean.
    """

    value: float
    stderr: float
    probes: int
    products: int
    converged: bool
    samples: tuple[float, ...]


@dataclass(frozen=True)
class LayerTraces:
    """Traces of the diagonal blocks of an operator, one per parameter tensor.

    Attributes:
        total: of the whole operator, from the same probes; the blocks' values add up to it.
        layers: in the order of the operator's parameters; ``products`` are those of the total,
            ``converged`` is its too.
    """

    total: Trace
    layers: tuple[Trace, ...]

    @classmethod
    def exactly(cls, layers: np.ndarray) -> Self:
        """Traces (blocks,) that are known without any probe."""
        whole, *blocks = (Trace(float(t), 0.0, 0, 0, True, ()) for t in (layers.sum(), *layers))
        return cls(whole, tuple(blocks))

    @property
    def exact(self) -> bool:
        """Whether no probe was needed."""
        return self.total.probes == 0


def layer_traces(
    operator: LayeredProducts,
    probes: int,
    generator: torch.Generator,
    accuracy: float | None = None,
    known: KnownPart | None = None,
) -> LayerTraces:
    r"""Traces of the whole and of all diagonal blocks, from Rademacher probes.

    .. math:: \mathrm{tr} H = E[v^T H v], \qquad \mathrm{tr} H_{ll} = E[v_l^T (H v)_l]

    (Hutchinson, Commun. Stat. Simul. Comput. 18, 1989); v_l are the entries of parameter tensor l,
    and the signs of the other layers average out. The spread of one probe is that of the
    off-diagonal entries: on networks it is about as large as the trace itself, and most of it
    comes from the few largest eigenvalues. Lanczos has found these: with A what its products have
    shown of H,

    .. math:: \mathrm{tr} H_{ll} = \mathrm{tr} A_{ll} + E[v_l^T (H v)_l - v_l^T (A v)_l],

    without a product more and without bias, since the probes do not know A (as in Hutch++, Meyer
    et al., SOSA 2021, and Chen and Hallman, SIAM J. Matrix Anal. Appl. 44, 2023). With the basis
    of lambda_max that is worth 5 to 30 times as many probes (benchmarks/RESULTS.md).

    Where an accuracy is asked for, 20 probes tell the spread, and then as many are taken as it
    calls for. Few looks at the standard error make it rare to stop at a lucky one. Yet an estimate
    that is too high is accurate enough sooner: a bias of some 2 a^2, less than the standard error.

    Probes of equal seeds are equal for all runs of a model, so that their differences are paired.

    Args:
        operator: H.
        probes: how many, or at most how many where an accuracy is given; at least 2.
        generator: of the probes; none of its numbers may have gone into ``known``.
        accuracy: wanted standard error of the whole trace, relative to the estimate.
        known: A.

    Raises:
        ValueError: fewer than 2 probes.
        FloatingPointError: a product is not finite.
    """
    sizes = [p.numel() for p in operator.parameters]
    samples = _sample(operator, sizes, probes, generator, accuracy, known)
    total = _said(_mean(samples.sum(axis=1), accuracy), accuracy)
    layers = (_mean(column, None, total.converged) for column in samples.T)
    return LayerTraces(total, tuple(layers))


def remaining_traces(whole: LayerTraces, terms: Sequence[LayerTraces]) -> LayerTraces:
    """Traces of what is left of an operator without some of its terms, at no product.

    A probe's v . H v is linear in H: equal probes of the whole and of its terms give what they
    would give of the rest, and whatever is known of each keeps its mean.

    Args:
        whole: of the operator.
        terms: of the terms that are taken away, from the same probes.

    Raises:
        ValueError: the numbers of probes or of layers differ.
    """
    if whole.exact:
        values = [layer.value for layer in whole.layers]
        return LayerTraces.exactly(
            np.array(values) - sum(np.array([layer.value for layer in t.layers]) for t in terms)
        )
    samples = np.array([layer.samples for layer in whole.layers])
    for term in terms:
        taken = np.array([layer.samples for layer in term.layers])
        if taken.shape != samples.shape:
            raise ValueError(f"probes of a term: got {taken.shape}; allowed: {samples.shape}")
        samples = samples - taken
    total = replace(_mean(samples.sum(axis=0), None), products=0)
    layers = (replace(_mean(layer, None), products=0) for layer in samples)
    return LayerTraces(total, tuple(layers))


def _sample(
    operator: LayeredProducts,
    sizes: Sequence[int],
    limit: int,
    generator: torch.Generator,
    accuracy: float | None,
    known: KnownPart | None,
) -> np.ndarray:
    """What each probe says of each block: (probes, blocks) float64.

    Raises:
        ValueError: fewer than 2 probes.
    """
    if limit < 2:
        raise ValueError(f"probes: got {limit}; allowed: 2 or more")
    rows: list[np.ndarray] = []
    wanted = limit if accuracy is None else min(_PILOT, limit)
    exact = known.traces(sizes) if known else 0.0
    while len(rows) < wanted:
        v = operator.signs(generator)
        parts = zip(v.split(sizes), finite_product(operator, v).split(sizes), strict=True)
        forms = np.array([dots(a[None], b)[0] for a, b in parts])
        rows.append(exact + forms - (known.forms(v, sizes) if known else 0.0))
        if len(rows) == wanted and accuracy is not None:
            wanted = int(min(_needed(np.sum(rows, axis=1), accuracy), limit))
    return np.array(rows)


def _needed(samples: np.ndarray, accuracy: float) -> float:
    """Probes that bring the standard error within the accuracy, judged by these samples."""
    spread, goal = float(samples.std(ddof=1)), accuracy * abs(float(samples.mean()))
    if _stderr(samples) <= goal:
        return len(samples)
    return max(len(samples) + 1, math.ceil((spread / goal) ** 2)) if goal else math.inf


def _stderr(samples: np.ndarray) -> float:
    return float(samples.std(ddof=1) / math.sqrt(len(samples)))


def _mean(samples: np.ndarray, accuracy: float | None, converged: bool = True) -> Trace:
    value, stderr = float(samples.mean()), _stderr(samples)
    if accuracy is not None:
        converged = stderr <= accuracy * abs(value)
    count = len(samples)
    return Trace(value, stderr, count, count, converged, tuple(samples.tolist()))


def _said(trace: Trace, accuracy: float | None) -> Trace:
    """The trace, with a warning where it is not as accurate as was asked."""
    if accuracy is not None and not trace.converged:
        _LOG.warning(
            "trace: %.4g, standard error %.2g of %d probes; accuracy %g would take about %g",
            trace.value, trace.stderr, trace.probes, accuracy,
            _needed(np.array(trace.samples), accuracy),
        )  # fmt: skip
    return trace
