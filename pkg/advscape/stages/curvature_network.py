"""Stage `curvature` of a network experiment: Hessians by products with vectors."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import pandas as pd
import torch
from torch import Tensor, nn

from advscape.attacks.perturb import perturb
from advscape.attacks.refine import refine
from advscape.attacks.samples import AttackedSamples
from advscape.curvature.density import spectral_density
from advscape.curvature.finite_scale import finite_scale
from advscape.curvature.halves import spread_over_halves
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.measure import (
    Measured,
    Settings,
    Unmeasured,
    measure,
    top_eigenpairs,
)
from advscape.curvature.operator import CurvatureOperator
from advscape.curvature.optimality import Optimality, attack_optimality
from advscape.curvature.response import ResponseOperator
from advscape.curvature.total import TotalOperator
from advscape.evaluation.evaluate import score
from advscape.seeds import stream
from advscape.stages.job import Job
from advscape.stages.run import NetworkRun, load_run
from advscape.tables.rows import rows_of

if TYPE_CHECKING:
    from advscape.study.config.curvature import NetworkCurvature, Spectrum
    from advscape.study.config.study import NetworkExperiment

_LOG = logging.getLogger("advscape.curvature")
#: response and total are given where at least this share of the samples has a response
MEASURABLE = 0.5
#: the tables that this stage has rows of
TABLES = ("curvature", "layers", "spectrum", "finite_scale")


def curvature_network(
    job: Job[NetworkExperiment], dataset: str | Path, weights: str | Path
) -> tuple[dict[str, pd.DataFrame], Tensor]:
    """Hessians of the clean and of the adversarial loss: frozen part, response, total.

    Over all parameters, mean over the samples, eval mode, float32, no weight decay. The attack is
    refined first; the response is over the samples at which it is a strict maximum.

    Args:
        job: config sections dataset, model, threat, curvature and compute; cell: one run.
        dataset: the prepared dataset.
        weights: the trained weights.

    Returns:
        Rows of curvature.csv, layers.csv, spectrum.csv and finite_scale.csv, by table, and
        eigenvectors (k, dim) of the frozen Hessian of the first split, as many as the config keeps.
    """
    run, settings = load_run(job, dataset, weights), job.sections.curvature
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    splits = [_Split(run, settings, split, rows) for split in settings.splits]
    for split in splits:
        split.measure()
    tables = {table: rows_of(rows[table], run.key) for table in TABLES}
    return tables, splits[0].top_vectors()


class _Split:
    """One split of a run's samples, its operators, and the rows they add."""

    def __init__(
        self,
        run: NetworkRun,
        settings: NetworkCurvature,
        split: str,
        rows: dict[str, list[dict[str, Any]]],
    ):
        self.run, self.settings, self.split, self.rows = run, settings, split, rows
        self.size = settings.batch_size
        self.x, self.y = run.samples(split, settings.samples, f"curvature samples, {split}")
        self.smooth = not any(isinstance(module, nn.ReLU) for module in run.model.modules())
        self.measuring = Settings(
            settings.tolerance,
            settings.max_products,
            settings.probes,
            settings.trace_accuracy,
            self._generator,
        )

    def measure(self) -> None:
        """All Hessians: of the clean loss, and of the adversarial one in its parts."""
        operator = self._hessian(self.x, self.y)
        clean = self._measure(operator, "clean", "total", self.x)
        if self.run.threat.epsilon == 0:
            self.frozen = operator, clean
            # without noise the adversarial loss is the clean one, and nothing responds
            halves = self._halves(clean, self.x)
            self._add("adversarial", "frozen", clean.columns() | halves, self.x)
            self._add("adversarial", "total", clean.columns(), self.x)
            return
        perturbed = perturb(
            self.run.model, self.x, self.y, self.run.attack(self.settings.attack),
            stream(self.run.seed, "curvature attack"), self.size,
        )  # fmt: skip
        l2 = self.run.threat.norm == "l2"
        if l2:
            perturbed = self._refine(self.run.model, perturbed, torch.arange(len(self.y)))
        operator = self._hessian(perturbed, self.y)
        frozen = self._measure(operator, "adversarial", "frozen", perturbed)
        self.frozen = operator, frozen
        if isinstance(frozen, Unmeasured):
            for part in ("response", "total"):
                self._add("adversarial", part, frozen.columns(), perturbed)
            return
        optimality = self._optimality(perturbed) if l2 else None
        self._respond(optimality, perturbed)
        if l2 and (not self.smooth or not _measurable(optimality)):
            self._finite_scale(perturbed, operator, frozen)

    def top_vectors(self) -> Tensor:
        """Eigenvectors (k, dim) of the frozen Hessian; none where it could not be measured."""
        operator, found = self.frozen
        if isinstance(found, Unmeasured):
            return torch.empty(0, operator.dim)
        count = min(self.settings.eigenvectors, operator.dim)
        if count < 2:  # the first one is there
            return found.top.vector[None, :][:count]
        return torch.stack(
            [pair.vector for pair in top_eigenpairs(operator, self.measuring, count)]
        )

    def _hessian(self, x: Tensor, y: Tensor) -> HessianOperator:
        return HessianOperator(self.run.model, x, y, self.size)

    def _refine(self, model: nn.Module, perturbed: Tensor, rows: Tensor) -> Tensor:
        """Climb on to the maxima; ``rows`` are the samples' places in the split."""
        response = self.settings.response
        return refine(
            model, AttackedSamples(self.x[rows], perturbed, self.y[rows], self.run.threat),
            response.refine_steps, response.kkt_tol, self.size,
        ).perturbed  # fmt: skip

    def _optimality(self, perturbed: Tensor) -> Optimality:
        found = attack_optimality(
            self.run.model, AttackedSamples(self.x, perturbed, self.y, self.run.threat),
            self.settings.response.kkt_tol, self.size, smooth=self.smooth,
        )  # fmt: skip
        counts = ", ".join(f"{count} {reason}" for reason, count in found.counts().items())
        _LOG.info("%s samples at the attack's outcome: %s", self.split, counts)
        return found

    def _respond(self, optimality: Optimality | None, perturbed: Tensor) -> None:
        """Response and total over the valid samples; empty cells where they are too few."""
        valid = 0 if optimality is None else optimality.n_valid
        facts = {"n_response": valid, "kkt_tol": self.settings.response.kkt_tol}
        if not _measurable(optimality):
            for part in ("response", "total"):
                self._add("adversarial", part, {"n": len(self.y)} | facts, perturbed)
            return
        response = self.settings.response
        for kind, part in ((ResponseOperator, "response"), (TotalOperator, "total")):
            operator = kind(
                self.run.model, optimality, self.size, response.cg_tolerance,
                response.cg_steps,
            )  # fmt: skip
            self._measure(
                operator, "adversarial", part, optimality.maxima.x, valid, response.probes,
                facts, optimality.maxima.y,
            )  # fmt: skip
            if not operator.solves.converged:
                _LOG.warning(
                    "%s: %d of %d inner systems not solved to %g",
                    part, operator.solves.unconverged, operator.solves.systems,
                    response.cg_tolerance,
                )  # fmt: skip

    def _measure(
        self,
        operator: CurvatureOperator,
        loss: str,
        part: str,
        x: Tensor,
        n: int | None = None,
        probes: int | None = None,
        facts: dict[str, Any] | None = None,
        y: Tensor | None = None,
    ) -> Measured | Unmeasured:
        """Measure an operator at inputs ``x``, of labels ``y`` or all, and add its rows."""
        settings = (
            self.measuring
            if probes is None
            else replace(self.measuring, probes=probes, accuracy=None)
        )
        found = measure(operator, n or len(self.y), settings, f"{self.split}, {loss}, {part}")
        halves = self._halves(found, x) if part == "frozen" else {}
        self._add(loss, part, found.columns() | (facts or {}) | halves, x, y)
        names = [name for name, p in self.run.model.named_parameters() if p.requires_grad]
        self.rows["layers"] += [
            self._key() | {"loss": loss, "hessian": part} | row for row in found.layers(names)
        ]
        if self.settings.spectrum is not None and isinstance(found, Measured):
            self._density(self.settings.spectrum, operator, loss, part)
        return found

    def _density(
        self, spectrum: Spectrum, operator: CurvatureOperator, loss: str, part: str
    ) -> None:
        density = spectral_density(
            operator, spectrum.probes, spectrum.steps, self._generator("density probes")
        )
        lowest = min(float(probe.nodes[0]) for probe in density.probes)
        highest = max(float(probe.nodes[-1]) for probe in density.probes)
        width = spectrum.width * (highest - lowest)
        curve = density.curve(density.grid(spectrum.points, width), width)
        if not curve.converged:
            _LOG.warning("density of %s, %s: more steps or probes would change it", loss, part)
        columns = zip(curve.eigenvalue, curve.density, curve.stderr, strict=True)
        self.rows["spectrum"] += [
            self._key() | {"loss": loss, "hessian": part, "eigenvalue": eigenvalue,
                           "density": value, "density_stderr": stderr}
            for eigenvalue, value, stderr in columns
        ]  # fmt: skip

    def _halves(self, found: Measured | Unmeasured, x: Tensor) -> dict[str, float]:
        """Column: how far lambda_max differs between the halves of the samples.

        None with a single sample, or where the whole could not be measured.
        """
        if len(self.y) < 2 or isinstance(found, Unmeasured):
            return {}
        middle = len(self.y) // 2
        first = self._hessian(x[:middle], self.y[:middle])
        second = self._hessian(x[middle:], self.y[middle:])
        spread = spread_over_halves(
            first, second, lambda half: top_eigenpairs(half, self.measuring)[0]
        )
        return {"half_spread": spread.value}

    def _finite_scale(self, perturbed: Tensor, operator: HessianOperator, frozen: Measured) -> None:
        """Second differences along the top frozen eigenvector and random directions."""
        scale = self.settings.finite_scale
        generator = self._generator("finite-scale directions")
        directions = [frozen.top.vector]
        directions += [operator.random_vector(generator) for _ in range(scale.random)]
        radius = scale.radius * frozen.norm2**0.5
        found = finite_scale(
            self.run.model, perturbed, self.y, self._refine,
            torch.stack(directions, dim=1), radius, self.size,
        )  # fmt: skip
        kinds = [("top-frozen", 0), *(("random", i) for i in range(scale.random))]
        for i, (kind, index) in enumerate(kinds):
            self.rows["finite_scale"].append(
                self._key() | {
                    "direction": kind,
                    "direction_index": index,
                    "radius": radius,
                    "total": found.total[i].item(),
                    "total_stderr": found.total_stderr[i].item(),
                    "frozen": found.frozen[i].item(),
                    "frozen_stderr": found.frozen_stderr[i].item(),
                    "n": len(self.y),
                }
            )  # fmt: skip

    def _add(
        self, loss: str, part: str, columns: dict[str, Any], x: Tensor, y: Tensor | None = None
    ) -> None:
        p1p = score(self.run.model, x, self.y if y is None else y, self.size).mean_p1p
        self.rows["curvature"].append(
            self._key() | {"checkpoint": "last", "loss": loss, "hessian": part, "mean_p1p": p1p}
            | columns
        )  # fmt: skip

    def _key(self) -> dict[str, Any]:
        return {**self.run.key, "split": self.split}

    def _generator(self, name: str) -> torch.Generator:
        """The same draws for every run of an experiment, so that their differences are paired."""
        return torch.Generator(self.run.device).manual_seed(stream(self.settings.seed, name))


def _measurable(optimality: Optimality | None) -> TypeGuard[Optimality]:
    if optimality is None:
        return False
    return optimality.n_valid >= MEASURABLE * len(optimality.valid) > 0
