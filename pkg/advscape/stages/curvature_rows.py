"""The rows that the curvature stage adds to its tables for one split of a run's samples."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from advscape.curvature.density import spectral_density
from advscape.curvature.measure import Measured, Settings, Unmeasured, measure
from advscape.curvature.operator import CurvatureOperator
from advscape.curvature.optimality import KINDS, Optimality
from advscape.curvature.trace import LayerTraces
from advscape.evaluation.evaluate import score
from advscape.evaluation.gradient_noise import gradient_noise
from advscape.seeds import stream
from advscape.stages.run import NetworkRun

if TYPE_CHECKING:
    from advscape.study.config.curvature import NetworkCurvature, Spectrum

_LOG = logging.getLogger("advscape.curvature")


class Rows:
    """Measures operators, and keeps what was found as rows by table.

    Attributes:
        measuring: how operators are measured.
        tables: the rows.
    """

    def __init__(
        self,
        run: NetworkRun,
        settings: NetworkCurvature,
        split: str,
        tables: dict[str, list[dict[str, Any]]],
    ):
        """Rows of one split go to tables that other splits' rows may be in."""
        self._run, self._settings, self._split = run, settings, split
        self.tables = tables
        self.measuring = Settings(
            settings.tolerance,
            settings.max_products,
            settings.probes,
            settings.trace_accuracy,
            self.generator,
            settings.largest,
            settings.smallest,
        )

    def generator(self, name: str) -> torch.Generator:
        """The same draws for every run of an experiment, so that their differences are paired."""
        seed = stream(self._settings.seed, name)
        return torch.Generator(self._run.device).manual_seed(seed)

    def measured(
        self,
        operator: CurvatureOperator,
        loss: str,
        part: str,
        at: tuple[Tensor, Tensor],
        more: Callable[[Measured], dict[str, Any]] = lambda found: {},
        traces: LayerTraces | None = None,
        **how: Any,
    ) -> Measured | Unmeasured:
        """Measure an operator, and add its rows.

        Args:
            operator: over all of the samples.
            loss: clean or adversarial.
            part: which Hessian, or term of it.
            at: inputs and labels of the operator.
            more: further columns of curvature.csv, from what was found.
            traces: where they are known already.
            how: settings that differ from the split's.
        """
        what = f"{self._split}, {loss}, {part}"
        found = measure(operator, len(at[1]), replace(self.measuring, **how), what, traces)
        further = more(found) if isinstance(found, Measured) else {}
        self.add(loss, part, found.columns() | further, at)
        names = [name for name, p in self._run.model.named_parameters() if p.requires_grad]
        of = {"loss": loss, "hessian": part}
        self.extend("layers", (of | row for row in found.layers(names)))
        if part in ("frozen", "total"):
            self.extend("eigenvalues", (of | row for row in found.eigenvalues()))
            if self._settings.spectrum is not None and isinstance(found, Measured):
                self._density(self._settings.spectrum, operator, of)
        return found

    def add(self, loss: str, part: str, columns: dict[str, Any], at: tuple[Tensor, Tensor]) -> None:
        """Add a row of curvature.csv of what is at some inputs and labels."""
        p1p = score(self._run.model, *at, self._settings.batch_size).mean_p1p
        row = {"loss": loss, "hessian": part, "mean_p1p": p1p} | columns
        self.extend("curvature", [row])

    def gradient_noise(self, at: tuple[Tensor, Tensor]) -> dict[str, float]:
        """Columns of curvature.csv: how far batches' gradients are apart; none of one sample."""
        found = gradient_noise(self._run.model, *at, self.generator("gradient noise"))
        if found is None:
            return {}
        return {"gradient_noise": found.value, "gradient_noise_stderr": found.stderr}

    def maxima(self, found: Optimality) -> None:
        """Add the rows of maxima.csv: one for each kind of sample."""
        counts, shares = found.counts(), found.loss_shares()
        _LOG.info("%s samples: %s", self._split,
                  ", ".join(f"{count} {kind}" for kind, count in counts.items()))  # fmt: skip
        for place, kind in enumerate(KINDS):
            of = found.kinds == place
            distances, firmness = found.distances[of], found.firmness[of]
            row = {"kind": kind, "n": counts[kind], "loss_share": shares[kind]}
            if bool((known := ~distances.isnan()).any()):
                row |= {"distance": float(distances[known].max()),
                        "firmness": float(firmness[known].min())}  # fmt: skip
            self.extend("maxima", [row])

    def extend(self, table: str, rows: Any) -> None:
        """Add rows to a table, with the columns that say whose they are."""
        self.tables[table] += [{**self._run.key, "split": self._split} | row for row in rows]

    def _density(self, spectrum: Spectrum, operator: CurvatureOperator, of: dict[str, str]) -> None:
        density = spectral_density(
            operator, spectrum.probes, spectrum.steps, self.generator("density probes")
        )
        curve = density.whole_curve(spectrum.points, spectrum.width)
        if not curve.converged:
            _LOG.warning("density of %(loss)s, %(hessian)s: more steps or probes would change it",
                         of)  # fmt: skip
        columns = zip(curve.eigenvalue, curve.density, curve.stderr, strict=True)
        self.extend("spectrum", (
            of | {"eigenvalue": eigenvalue, "density": value, "density_stderr": stderr}
            for eigenvalue, value, stderr in columns
        ))  # fmt: skip
