"""Stage `curvature` of a network experiment: Hessians by products with vectors."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import torch
from torch import Tensor

from advscape.attacks.perturb import perturb
from advscape.attacks.samples import AttackedSamples
from advscape.curvature.ahead import change, step_ahead, trace_change
from advscape.curvature.approach import brought_to_maxima
from advscape.curvature.functional import FunctionalOperator
from advscape.curvature.gauss_newton import GaussNewtonOperator
from advscape.curvature.halves import spread_over_halves
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.maxima import Maxima
from advscape.curvature.measure import Measured, Unmeasured, extremes_of
from advscape.curvature.operator import CurvatureOperator
from advscape.curvature.optimality import KINDS, KINK, Optimality, attack_optimality
from advscape.curvature.response import ResponseOperator
from advscape.curvature.total import TotalOperator
from advscape.curvature.trace import remaining_traces
from advscape.models.build import naming
from advscape.models.check import has_eigenvalues
from advscape.models.kinks import has_kinks
from advscape.seeds import stream
from advscape.stages.curvature_rows import Rows
from advscape.stages.finite_scale import finite_scale
from advscape.stages.job import Job
from advscape.stages.run import NetworkRun, load_run, named
from advscape.tables.rows import rows_of

if TYPE_CHECKING:
    from advscape.study.config.curvature import NetworkCurvature
    from advscape.study.config.study import NetworkExperiment

_LOG = logging.getLogger("advscape.curvature")
#: the tables that this stage has rows of
TABLES = ("curvature", "eigenvalues", "layers", "spectrum", "maxima", "finite_scale")


def curvature_network(
    job: Job[NetworkExperiment], dataset: str | Path, weights: str | Path
) -> tuple[dict[str, pd.DataFrame], Tensor]:
    """Hessians of the clean and of the adversarial loss: frozen part, response, total.

    Over all parameters, mean over the samples, eval mode, float32, no weight decay. The attack is
    brought to its maxima first; the response is over the samples at which it is a strict maximum.

    Args:
        job: config sections dataset, model, threat, curvature and compute; cell: one run.
        dataset: the prepared dataset.
        weights: the trained weights.

    Returns:
        Rows by table, and eigenvectors (k, dim) of the frozen Hessian of the first split, as many
        as the config keeps.

    Raises:
        UserError: more eigenvalues are asked for than the network has parameters.
    """
    run, settings = load_run(job, dataset, weights), job.sections.curvature
    # also where the trial was made for fewer
    with naming(named(job.sections.model)):
        has_eigenvalues(run.model, settings.largest + settings.smallest)
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    splits = [_Split(run, settings, split, rows) for split in settings.splits]
    for split in splits:
        split.measure()
    tables = {table: rows_of(rows[table], run.key) for table in TABLES}
    return tables, splits[0].top_vectors


class _Split:
    """One split of a run's samples, and what is measured of them."""

    def __init__(
        self,
        run: NetworkRun,
        settings: NetworkCurvature,
        split: str,
        rows: dict[str, list[dict[str, Any]]],
    ):
        self.run, self.settings = run, settings
        self.model, self.size = run.model, settings.batch_size
        self.x, self.y = run.samples(split, settings.samples, f"curvature samples, {split}")
        self.rows = Rows(run, settings, split, rows)

    def measure(self) -> None:
        """All Hessians: of the clean loss, and of the adversarial one in its parts."""
        operator = self._hessian(self.x, self.y)
        at = (self.x, self.y)
        found = self.rows.measured(
            operator, "clean", "total", at, lambda found: self.rows.gradient_noise(at)
        )
        samples = AttackedSamples(self.x, self.x, self.y, self.run.threat)
        measurable = True
        if self.run.threat.epsilon == 0:
            # without noise the adversarial loss is the clean one, and nothing responds
            halves = self._halves(self._frozen_half(samples)) if isinstance(found, Measured) else {}
            noise = self.rows.gradient_noise(at)
            self.rows.add("adversarial", "frozen", found.columns() | halves | noise, at)
            self.rows.add("adversarial", "total", found.columns(), at)
            self.frozen = operator, found
            self._terms(at, [found])
        else:
            samples = self._at_maxima(polished=isinstance(found, Measured))
            measurable = self._adversarial(samples)
        operator, found = self.frozen
        # before the weights are moved, after which the operator's graph is no more
        self.top_vectors = self._top_vectors()
        if isinstance(found, Measured) and (not measurable or has_kinks(self.model, self.x[:1])):
            self.rows.extend("finite_scale", finite_scale(
                self.model, samples, operator, found, self.settings.finite_scale, self.size,
                self.rows.generator,
            ))  # fmt: skip

    def _top_vectors(self) -> Tensor:
        """Eigenvectors (k, dim) of the frozen Hessian; none where it could not be measured."""
        operator, found = self.frozen
        if isinstance(found, Unmeasured):
            return torch.empty(0, operator.dim)
        count, pairs = min(self.settings.eigenvectors, operator.dim), found.extremes.top
        if count > len(pairs):
            pairs = extremes_of(operator, self.rows.measuring, count).top
        return torch.stack([pair.vector for pair in pairs])[:count]

    def _at_maxima(self, polished: bool) -> AttackedSamples:
        """The samples under attack, brought to the maxima that they are near."""
        run, response = self.run, self.settings.response
        perturbed = perturb(
            self.model, self.x, self.y, run.attack(self.settings.attack),
            stream(run.seed, "curvature attack"), self.size,
        )  # fmt: skip
        samples = AttackedSamples(self.x, perturbed, self.y, run.threat)
        # not polished where second derivatives could not be shown to be right
        return brought_to_maxima(self.model, samples, response, self.size, polished)

    def _adversarial(self, samples: AttackedSamples) -> bool:
        """Frozen part, response and total; whether these two are measurable."""
        at = (samples.perturbed, self.y)
        operator = self._hessian(*at)
        frozen = self.rows.measured(
            operator, "adversarial", "frozen", at,
            lambda found: (
                self._halves(self._frozen_half(samples)) | self.rows.gradient_noise(at)
            ),
        )  # fmt: skip
        self.frozen = operator, frozen
        if isinstance(frozen, Unmeasured):
            for part in ("response", "total"):
                self.rows.add("adversarial", part, frozen.columns(), at)
            return False
        response = self.settings.response
        found = attack_optimality(self.model, samples, response.kkt_tol, self.size)
        self.rows.maxima(found)
        if found.measurable:
            self._terms((found.maxima.x, found.maxima.y), self._respond(samples, found))
        else:
            columns = {"n": len(self.y)} | self._valid(found)
            for part in ("response", "total"):
                self.rows.add("adversarial", part, columns, at)
            self._terms(at, [frozen])
        return found.measurable

    def _respond(self, samples: AttackedSamples, found: Optimality) -> list[Measured | Unmeasured]:
        """Total and response over the valid samples, in this order."""
        response = self.settings.response
        outcomes: list[Measured | Unmeasured] = []
        ahead = step_ahead(self.model, samples, found, self.size)

        def made(kind: type[ResponseOperator], maxima: Maxima) -> ResponseOperator:
            return kind(self.model, maxima, self.size, response.cg_tolerance, response.cg_steps)

        for kind, part in ((ResponseOperator, "response"), (TotalOperator, "total")):
            operator, further = made(kind, found.maxima), made(kind, ahead)

            def more(
                measured: Measured,
                operator: ResponseOperator = operator,
                further: ResponseOperator = further,
                kind: type[ResponseOperator] = kind,
            ) -> dict[str, Any]:
                halves = self._halves(
                    lambda half: made(kind, found.maxima.take(half)), found.n_valid
                )
                error = self._errors(operator, further, measured)
                return self._valid(found) | halves | error

            outcomes.append(self.rows.measured(
                operator, "adversarial", part, (found.maxima.x, found.maxima.y), more,
                **self._response_settings(part),
            ))  # fmt: skip
            if not operator.solves.converged:
                _LOG.warning(
                    "%s: %d of %d inner systems not solved to %g",
                    part, operator.solves.unconverged, operator.solves.systems,
                    response.cg_tolerance,
                )  # fmt: skip
        return outcomes[::-1]

    def _errors(
        self, operator: ResponseOperator, further: ResponseOperator, found: Measured
    ) -> dict[str, Any]:
        """Columns: errors with what is left to the maxima in them, and the largest sample."""
        vector, trace = found.top.vector, found.traces.total
        moved = change(operator, further, [vector])
        trace_moved = trace_change(operator, further, self.rows.generator("trace probes"))
        shares = operator.response_by_sample(vector)
        return {
            "lambda_max_residual": found.top.residual + moved,
            "trace_stderr": math.hypot(trace.stderr, trace_moved),
            "maxima_error": moved,
            "largest_share": float(shares.max() / shares.sum()) if shares.sum() > 0 else 0.0,
        }

    def _valid(self, found: Optimality) -> dict[str, Any]:
        """Columns: at how many samples the response exists, and how firm its maxima are."""
        firmness = found.firmness[found.valid]
        shares = found.loss_shares()
        return {
            "n_response": found.n_valid,
            "kkt_tol": found.tolerance,
            "response_loss_share": sum(shares[kind] for kind in KINDS[:KINK]),
            "firmness": float(firmness.min()) if len(firmness) else None,
        }

    def _terms(self, at: tuple[Tensor, Tensor], outcomes: Sequence[Measured | Unmeasured]) -> None:
        """The frozen part's two terms.

        Args:
            at: inputs and labels of the operators.
            outcomes: of the whole Hessian there, and of the response where it has one.
        """
        known = []
        for found in outcomes:
            if isinstance(found, Unmeasured):
                for part in ("gauss-newton", "functional"):
                    self.rows.add("adversarial", part, found.columns(), at)
                return
            known.append(found.traces)
        whole = known[0]
        how: dict[str, Any] = {
            "probes": whole.total.probes, "accuracy": None, "largest": 1, "smallest": 0,
        }  # fmt: skip
        outer = self.rows.measured(
            GaussNewtonOperator(self.model, *at, self.size), "adversarial", "gauss-newton", at,
            # what is exact is all of this term's
            traces=whole if whole.exact else None, **how,
        )  # fmt: skip
        left = None
        if isinstance(outer, Measured):
            left = remaining_traces(whole, [*known[1:], outer.traces])
        self.rows.measured(
            FunctionalOperator(self.model, *at, self.size), "adversarial", "functional", at,
            traces=left, **how,
        )  # fmt: skip

    def _response_settings(self, part: str) -> dict[str, Any]:
        how: dict[str, Any] = {"probes": self.settings.response.probes, "accuracy": None}
        # its smallest eigenvalues are 0: it has as many others as samples have pixels
        return how | ({"largest": 1, "smallest": 0} if part == "response" else {})

    def _halves(
        self, of: Callable[[Tensor], CurvatureOperator], n: int | None = None
    ) -> dict[str, float]:
        """Column: how far lambda_max differs between halves of the samples; none of a single one.

        Args:
            of: makes the operator over some rows.
            n: of so many samples; all of the split's unless given.
        """
        n = len(self.y) if n is None else n
        if n < 2:
            return {}
        first, second = torch.arange(n).tensor_split([n // 2])
        spread = spread_over_halves(
            of(first), of(second), lambda half: extremes_of(half, self.rows.measuring, 1).top[0]
        )
        return {"half_spread": spread.value}

    def _frozen_half(self, samples: AttackedSamples) -> Callable[[Tensor], HessianOperator]:
        return lambda half: self._hessian(samples.perturbed[half], samples.y[half])

    def _hessian(self, x: Tensor, y: Tensor) -> HessianOperator:
        return HessianOperator(self.model, x, y, self.size)
