"""What is measured of one operator: its outer eigenvalues, its trace, as columns of tables."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from advscape.curvature.exact_trace import exact_traces
from advscape.curvature.lanczos import Eigenpair, Extremes, extreme_eigenvalues
from advscape.curvature.operator import CurvatureOperator
from advscape.curvature.proof import UnprovenHessian
from advscape.curvature.sampling import SampleError, confirmed_error
from advscape.curvature.trace import LayerTraces, layer_traces

_LOG = logging.getLogger("advscape.curvature")


@dataclass(frozen=True)
class Settings:
    """How operators are measured.

    Attributes:
        tolerance: of :func:`advscape.curvature.lanczos.extreme_eigenvalues`.
        max_products: products after which it gives up, and says so.
        probes: of the trace, or at most so many where an accuracy is asked for.
        accuracy: wanted standard error of the trace, relative to it; None takes all probes.
        generator: makes the random stream of a name, the same for every operator and run.
        largest: how many of the largest eigenvalues.
        smallest: how many of the smallest.
    """

    tolerance: float
    max_products: int
    probes: int
    accuracy: float | None
    generator: Callable[[str], torch.Generator]
    largest: int = 1
    smallest: int = 0


@dataclass(frozen=True)
class Measured:
    """Outer eigenvalues and trace of an operator over parameters of squared norm ``norm2``."""

    extremes: Extremes
    traces: LayerTraces
    samples: SampleError | None
    n: int
    dim: int
    norm2: float

    @property
    def top(self) -> Eigenpair:
        """The largest eigenvalue's."""
        return self.extremes.top[0]

    def columns(self) -> dict[str, Any]:
        """Columns of curvature.csv."""
        trace = self.traces.total
        columns = {
            "n": self.n,
            "lambda_max": self.top.value,
            "lambda_max_residual": self.top.residual,
            "products": self.top.products,
            "converged": self.top.converged,
            "trace": trace.value,
            "trace_stderr": trace.stderr,
            "probes": trace.probes,
            "scaled_lambda_max": self.norm2 * self.top.value,
            "scaled_trace": self.norm2 * trace.value / self.dim,
        }
        if self.samples is not None:
            columns["lambda_max_sample_stderr"] = self.samples.value
        if self.extremes.bottom:
            lowest = self.extremes.bottom[0].value
            columns["lambda_min"] = lowest
            if self.top.value > 0:
                columns["min_to_max"] = abs(lowest) / self.top.value
        return columns

    def eigenvalues(self) -> list[dict[str, Any]]:
        """Rows of eigenvalues.csv."""
        return [
            {"end": end, "rank": rank, "eigenvalue": pair.value, "residual": pair.residual,
             "converged": pair.converged}
            for end, pairs in (("largest", self.extremes.top), ("smallest", self.extremes.bottom))
            for rank, pair in enumerate(pairs, start=1)
        ]  # fmt: skip

    def layers(self, names: list[str]) -> list[dict[str, Any]]:
        """Rows of layers.csv: the trace of each parameter tensor's diagonal block."""
        return [
            {"layer": name, "trace": trace.value, "trace_stderr": trace.stderr}
            for name, trace in zip(names, self.traces.layers, strict=True)
        ]


@dataclass(frozen=True)
class Unmeasured:
    """An operator over ``n`` samples whose numbers could not be shown to be right, and why."""

    n: int
    reason: str

    def columns(self) -> dict[str, Any]:
        """Columns of curvature.csv."""
        return {"n": self.n, "reason": self.reason}

    def eigenvalues(self) -> list[dict[str, Any]]:
        """No rows of eigenvalues.csv."""
        return []

    def layers(self, names: list[str]) -> list[dict[str, Any]]:
        """No rows of layers.csv."""
        return []


def extremes_of(
    operator: CurvatureOperator, settings: Settings, largest: int, smallest: int = 0
) -> Extremes:
    """An operator's outer eigenvalues, from the start that all operators and runs share."""
    return extreme_eigenvalues(
        operator,
        settings.tolerance,
        min(settings.max_products, operator.dim),
        settings.generator("start of Lanczos"),
        top=largest,
        bottom=smallest,
    )


def measure(
    operator: CurvatureOperator,
    n: int,
    settings: Settings,
    what: str,
    traces: LayerTraces | None = None,
) -> Measured | Unmeasured:
    """Measure one operator, where its products can be shown to be right and are finite.

    Args:
        operator: over ``n`` samples.
        n: number of samples.
        settings: how.
        what: the operator in a few words, for the log.
        traces: where they are known already.
    """
    try:
        extremes = extremes_of(operator, settings, settings.largest, settings.smallest)
        traces = traces or exact_traces(operator, settings.probes)
        if traces is None:
            probes = settings.generator("trace probes")
            traces = layer_traces(
                operator, settings.probes, probes, settings.accuracy, extremes.known
            )
        samples = confirmed_error(operator, extremes, n)
    except (UnprovenHessian, FloatingPointError) as error:
        _LOG.warning("%s: not measured: %s", what, error)
        return Unmeasured(n, str(error))
    top, total = extremes.top[0], traces.total
    _LOG.info(
        "%s: lambda_max %.5g, residual %.1e after %d products%s; trace %.5g, %s", what,
        top.value, top.residual, top.products, "" if extremes.converged else " (not converged)",
        total.value,
        f"standard error {total.stderr:.2g} of {total.probes} probes" if total.probes else "exact",
    )  # fmt: skip
    if samples is not None:
        _LOG.info(
            "%s: standard error of lambda_max over the %d samples %.2g, %s", what, n,
            samples.value, samples.words(top.value),
        )  # fmt: skip
    norm2 = sum(float(p.detach().double().square().sum()) for p in operator.parameters)
    # the basis is as large as many networks
    return Measured(replace(extremes, known=None), traces, samples, n, operator.dim, norm2)
