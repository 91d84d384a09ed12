"""What is measured of one operator: its largest eigenvalue, its trace, as columns of tables."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from advscape.curvature.lanczos import Eigenpair, extreme_eigenvalues
from advscape.curvature.operator import CurvatureOperator
from advscape.curvature.proof import UnprovenHessian
from advscape.curvature.trace import LayerTraces, layer_traces

_LOG = logging.getLogger("advscape.curvature")


@dataclass(frozen=True)
class Settings:
    """How operators are measured.

    Attributes:
        tolerance: residual at which Lanczos stops, relative to the eigenvalue.
        max_products: products after which it gives up, and says so.
        probes: of the trace, or at most so many where an accuracy is asked for.
        accuracy: wanted standard error of the trace, relative to it; None takes all probes.
        generator: makes the random stream of a name, the same for every operator and run.
    """

    tolerance: float
    max_products: int
    probes: int
    accuracy: float | None
    generator: Callable[[str], torch.Generator]


@dataclass(frozen=True)
class Measured:
    """Largest eigenvalue and trace of an operator over parameters of squared norm ``norm2``."""

    top: Eigenpair
    traces: LayerTraces
    n: int
    dim: int
    norm2: float

    def columns(self) -> dict[str, Any]:
        """Columns of curvature.csv."""
        trace = self.traces.total
        return {
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

    def layers(self, names: list[str]) -> list[dict[str, Any]]:
        """No rows of layers.csv."""
        return []


def top_eigenpairs(
    operator: CurvatureOperator, settings: Settings, count: int = 1
) -> tuple[Eigenpair, ...]:
    """The operator's largest eigenvalues, from the start that all operators and runs share."""
    return extreme_eigenvalues(
        operator,
        settings.tolerance,
        min(settings.max_products, operator.dim),
        settings.generator("start of Lanczos"),
        top=count,
    ).top


def measure(
    operator: CurvatureOperator, n: int, settings: Settings, what: str
) -> Measured | Unmeasured:
    """Measure one operator, where its products can be shown to be right and are finite.

    Args:
        operator: over ``n`` samples.
        n: number of samples.
        settings: how.
        what: the operator in a few words, for the log.
    """
    try:
        (top,) = top_eigenpairs(operator, settings)
        traces = layer_traces(
            operator, settings.probes, settings.generator("trace probes"), settings.accuracy
        )
    except (UnprovenHessian, FloatingPointError) as error:
        _LOG.warning("%s: not measured: %s", what, error)
        return Unmeasured(n, str(error))
    total = traces.total
    _LOG.info(
        "%s: lambda_max %.5g, residual %.1e after %d products%s; trace %.5g, standard error %.2g "
        "of %d probes", what, top.value, top.residual, top.products,
        "" if top.converged else " (not converged)", total.value, total.stderr, total.probes,
    )  # fmt: skip
    norm2 = sum(float(p.detach().double().square().sum()) for p in operator.parameters)
    return Measured(top, traces, n, operator.dim, norm2)
