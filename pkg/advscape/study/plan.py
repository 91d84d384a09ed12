"""What a study is made of: its jobs' folders, the rows of its tables, its figures and claims.

Plain Python over the checked study, for the rules of the workflow. Paths begin with ``<results>``,
in whose place Snakemake puts the study's folder.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from advscape.study.cells import Cell
from advscape.study.config.study import (
    LinearExperiment,
    NetworkExperiment,
    Study,
    TrainedExperiment,
)
from advscape.study.figures import FIGURES, Experiment, Figure
from advscape.study.given import Given, given_of

#: a linear experiment has one job for all epsilons of a seed, a network one for each cell
LINEAR_RUN = "<results>/runs/{experiment}/seed~{seed}"
NETWORK_RUN = "<results>/runs/{experiment}/{cell}/seed~{seed}"
#: networks that are measured in one job: of the seeds 0+1+2, or of one, in its run's folder
MEASURED_RUNS = "<results>/runs/{experiment}/{cell}/seed~{seeds}"
#: rows of sanity.csv that no single run has: they are read from the lines of all
CHECKS_OF_LINES = "<results>/runs/flatness_sanity.csv"
#: rules that sum up what other rules made
AGGREGATES = (
    "table", "missing", "flatness", "claims", "study_config", "html_report",
    *(f"figure_{kind}" for kind in FIGURES),
)  # fmt: skip
_TABLES = ("runs", "robustness", "sanity", "curvature", "landscape")
#: what only networks have: a linear model's Hessian is there as a whole, and in closed form
_OF_NETWORKS = (
    "eigenvalues", "layers", "spectrum", "maxima", "finite_scale", "sharpness",
)  # fmt: skip
#: and those that are trained here
_OF_TRAINED = ("history",)


def is_linear(experiment: Experiment) -> bool:
    """Whether an experiment's models are linear."""
    return isinstance(experiment, LinearExperiment)


class Plan:
    """A study, and which of its jobs' files are missing.

    Attributes:
        study: the checked study.
        experiments: its experiments by name.
        lacking: files that a failed start did not make; what follows from them is left out.
        given: of each experiment with checkpoints its runs, by the cell's name and the seed.
    """

    def __init__(self, study: Study, lacking: Iterable[str] = (), folders: Sequence[Path] = ()):
        """Plan a study.

        Args:
            study: the checked study.
            lacking: paths that begin with ``<results>``.
            folders: where checkpoints are looked for, beside the working folder.

        Raises:
            ConfigError: as of :func:`advscape.study.given.given_of`.
        """
        self.study = study
        self.experiments = {experiment.name: experiment for experiment in study.experiments}
        self.lacking = frozenset(lacking)
        self.given: dict[str, dict[tuple[str, int], Given]] = {
            name: {(run.cell.name, run.seed): run for run in runs}
            for name, runs in given_of(study, folders).items()
        }

    @cached_property
    def linear(self) -> dict[str, LinearExperiment]:
        """The linear experiments by name."""
        return {n: e for n, e in self.experiments.items() if isinstance(e, LinearExperiment)}

    @cached_property
    def networks(self) -> dict[str, NetworkExperiment]:
        """The experiments with networks by name."""
        return {n: e for n, e in self.experiments.items() if isinstance(e, NetworkExperiment)}

    @cached_property
    def trained(self) -> dict[str, TrainedExperiment]:
        """The experiments whose networks are trained, by name."""
        return {n: e for n, e in self.networks.items() if isinstance(e, TrainedExperiment)}

    @cached_property
    def cells(self) -> dict[str, dict[str, tuple[Cell, list[int]]]]:
        """The cells of each experiment of networks by name, each with the seeds of its runs."""
        cells: dict[str, dict[str, tuple[Cell, list[int]]]] = {}
        for name, experiment in self.trained.items():
            grid = experiment.grid
            own = [Cell(epsilon) for epsilon in grid.epsilons]
            cells[name] = {cell.name: (cell, grid.seeds) for cell in own}
        for name, runs in self.given.items():
            cells[name] = {}
            for run in runs.values():
                cells[name].setdefault(run.cell.name, (run.cell, []))[1].append(run.seed)
        return cells

    @cached_property
    def tables(self) -> list[str]:
        """Names of the tables that have rows of single jobs."""
        of_trained = _OF_TRAINED if self.trained else ()
        return [*_TABLES, *(_OF_NETWORKS if self.networks else ()), *of_trained]

    def tables_of(self, figure: Figure) -> list[str]:
        """Names of the tables that a figure is drawn from."""
        return [*figure.tables, *(figure.of_networks if self.networks else ())]

    def run_folders(self, experiment: Experiment, trained: bool) -> list[str]:
        """Folders of an experiment's jobs.

        Args:
            experiment: one of the study's.
            trained: of those that train, or of those that measure, some seeds at once perhaps.
        """
        if isinstance(experiment, LinearExperiment):
            seeds = experiment.grid.seeds
            return [LINEAR_RUN.format(experiment=experiment.name, seed=seed) for seed in seeds]
        together = 1 if trained else experiment.compute.seeds_per_job
        return [
            MEASURED_RUNS.format(
                experiment=experiment.name,
                cell=cell,
                seeds="+".join(map(str, seeds[i : i + together])),
            )
            for cell, (_, seeds) in self.cells[experiment.name].items()
            for i in range(0, len(seeds), together)
        ]

    def rows_of(
        self, table: str, experiment: Experiment, lacking: frozenset[str] | None = None
    ) -> list[str]:
        """Files with an experiment's rows of a table, job by job.

        Args:
            table: its name.
            experiment: one of the study's.
            lacking: files to leave out, in the place of the plan's own.
        """
        lacking = self.lacking if lacking is None else lacking
        runs = self.run_folders(experiment, trained=table in ("runs", *_OF_TRAINED))
        files = [f"{run}/{table}.csv" for run in runs]
        if table == "landscape" and isinstance(experiment, NetworkExperiment):
            parts = range(experiment.landscape.jobs)
            files = [f"{run}/landscape/part~{part}.csv" for run, part in product(runs, parts)]
        return [file for file in files if file not in lacking]

    def fragments(self, table: str) -> list[str]:
        """All files with rows of a table."""
        return [file for file, _ in self._sourced(table)]

    def sources(self, table: str) -> list[dict[str, str]]:
        """The key columns of each of :meth:`fragments`; none for a file that has them itself."""
        return [source for _, source in self._sourced(table)]

    def _sourced(self, table: str) -> list[tuple[str, dict[str, str]]]:
        experiments: Mapping[str, Experiment] = self.experiments
        if table in (*_OF_NETWORKS, *_OF_TRAINED):
            experiments = self.trained if table in _OF_TRAINED else self.networks
        files = [
            (file, _key_columns(experiment))
            for experiment in experiments.values()
            for file in self.rows_of(table, experiment)
        ]
        return files + ([(CHECKS_OF_LINES, {})] if table == "sanity" else [])

    def is_drawn(
        self, kind: str, experiment: Experiment, lacking: frozenset[str] | None = None
    ) -> bool:
        """Whether there are rows of which a figure of an experiment can be drawn."""
        return all(self.rows_of(table, experiment, lacking) for table in FIGURES[kind].tables)

    def figures(self) -> list[str]:
        """Every figure of the study."""
        names = []
        for kind, figure in FIGURES.items():
            if figure.of == "study":
                names += [kind] if figure.wanted(self.study.experiments) else []
                continue
            names += [
                f"{kind}_{name}"
                for name, experiment in self.experiments.items()
                if figure.wanted([experiment]) and self.is_drawn(kind, experiment)
            ]
        return [f"<results>/figures/{name}.png" for name in names]

    def tried(self) -> list[tuple[str, str]]:
        """Where each trial's notes are: the file, and the experiment whose networks it is about."""
        files = [(f"<results>/runs/{name}/trial.json", name) for name in self.trained]
        files += [
            (f"{run}/checkpoint.json", name)
            for name in self.given
            for run in self.run_folders(self.experiments[name], trained=True)
        ]
        return [(file, name) for file, name in files if file not in self.lacking]

    def claims(self) -> list[dict[str, Any]]:
        """Every claim of the study with the name of its experiment."""
        return [
            {"experiment": experiment.name, **claim.model_dump(), "select": claim.rows}
            for experiment in self.study.experiments
            for claim in experiment.claims
        ]

    def flatness_settings(self) -> dict[str, dict[str, Any]]:
        """How flatness numbers are read from the lines of each experiment."""
        return {
            name: {
                "radii": experiment.landscape.rise_radii,
                "level": experiment.landscape.flatness.level,
                "step": experiment.landscape.step,
            }
            for name, experiment in self.experiments.items()
        }


def _key_columns(experiment: Experiment) -> dict[str, str]:
    """The columns that say which experiment a row is of."""
    return {
        "experiment": experiment.name,
        "dataset": experiment.dataset_label,
        "model": experiment.model.label,
        "norm": experiment.threat.norm,
    }
