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
from advscape.study.claim_checks import resolved
from advscape.study.config.study import (
    LinearExperiment,
    NetworkExperiment,
    Study,
    TrainedExperiment,
)
from advscape.study.figures import FIGURES, Experiment, Figure
from advscape.study.given import Given, given_of
from advscape.study.measured import checkpoints_of, runs_of, section_of
from advscape.study.training_checks import MEASURING

#: a linear experiment has one job for all epsilons of a seed, a network one for each cell
LINEAR_RUN = "<results>/runs/{experiment}/seed~{seed}"
NETWORK_RUN = "<results>/runs/{experiment}/{cell}/seed~{seed}"
#: networks that are measured in one job: of the seeds 0+1+2, or of one, in its run's folder
MEASURED_RUNS = "<results>/runs/{experiment}/{cell}/seed~{seeds}"
#: rows of sanity.csv that no single run has: they are read from the lines of all
CHECKS_OF_LINES = "<results>/runs/flatness_sanity.csv"
#: what every table is written as, the one that all else is made from first
FORMATS = ("csv", "parquet")
#: and those that a paper prints
_PRINTED_FORMATS = ("md", "tex")
_PRINTED = ("claims", "comparison")
#: rules that sum up what other rules made
AGGREGATES = (
    "table", "missing", "flatness", "comparison", "claims", "study_config", "html_report",
    "provenance",
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
        """The cells of each experiment of networks by name, each with the seeds of its runs.

        The last weights of a run stand for the run.
        """
        cells: dict[str, dict[str, tuple[Cell, list[int]]]] = {}
        for name, experiment in self.trained.items():
            own = runs_of(experiment)
            cells[name] = {cell.name: (cell, experiment.grid.seeds) for cell in own}
        for name, runs in self.given.items():
            cells[name] = {}
            for run in runs.values():
                cells[name].setdefault(run.cell.name, (run.cell, []))[1].append(run.seed)
        return cells

    def measured(self, name: str, section: str) -> dict[str, tuple[Cell, list[int]]]:
        """The cells that a stage measures, as :attr:`cells` has them.

        Args:
            name: of an experiment of networks.
            section: the stage's in the config.
        """
        experiment = self.networks[name]
        if not isinstance(experiment, TrainedExperiment):
            return self.cells[name]
        return {
            cell.name: (cell, seeds)
            for own, seeds in self.cells[name].values()
            for cell in checkpoints_of(experiment, section, own)
        }

    def cell(self, name: str, cell: str) -> Cell:
        """The cell of a folder.

        Args:
            name: of an experiment of networks.
            cell: the folder's name.
        """
        return self._by_folder[name][cell]

    @cached_property
    def _by_folder(self) -> dict[str, dict[str, Cell]]:
        return {
            name: {
                folder: cell
                for found in (cells, *(self.measured(name, section) for section in MEASURING))
                for folder, (cell, _) in found.items()
            }
            for name, cells in self.cells.items()
        }

    @cached_property
    def only_last(self) -> bool:
        """Whether no stage measures other weights than the last of each run."""
        return all(
            self.measured(name, section).keys() <= self.cells[name].keys()
            for name in self.networks
            for section in MEASURING
        )

    def weights(self, name: str, cell: str, seeds: Iterable[int]) -> list[str]:
        """Files, or folders, with the weights of a measured cell.

        Args:
            name: of an experiment of networks.
            cell: the cell's folder.
            seeds: of the runs.
        """
        found = self.cell(name, cell)
        folder = cell if found.checkpoint == "last" else found.trained.name
        return [
            f"{NETWORK_RUN.format(experiment=name, cell=folder, seed=seed)}/{found.file}"
            for seed in seeds
        ]

    @cached_property
    def tables(self) -> list[str]:
        """Names of the tables that have rows of single jobs."""
        of_trained = _OF_TRAINED if self.trained else ()
        return [*_TABLES, *(_OF_NETWORKS if self.networks else ()), *of_trained]

    @property
    def summaries(self) -> list[str]:
        """Names of the tables that are made from those, claims.csv aside."""
        return ["flatness", "missing", *(("comparison",) if self.networks else ())]

    @property
    def table_files(self) -> list[str]:
        """Every table of the study in every format."""
        tables = [*self.tables, *self.summaries, "claims"]
        return [file for table in tables for file in files_of(table)]

    def tables_of(self, figure: Figure) -> list[str]:
        """Names of the tables that a figure is drawn from."""
        further = [table for table in figure.where_there if table in self.tables]
        return [*figure.tables, *further]

    def run_folders(self, experiment: Experiment, section: str | None) -> list[str]:
        """Folders of an experiment's jobs.

        Args:
            experiment: one of the study's.
            section: of those that train if None; else of those that measure by this section of the
                config, some seeds at once perhaps.
        """
        if isinstance(experiment, LinearExperiment):
            seeds = experiment.grid.seeds
            return [LINEAR_RUN.format(experiment=experiment.name, seed=seed) for seed in seeds]
        name, together = experiment.name, experiment.compute.seeds_per_job
        cells = self.cells[name] if section is None else self.measured(name, section)
        together = 1 if section is None else together
        return [
            MEASURED_RUNS.format(
                experiment=name, cell=cell, seeds="+".join(map(str, seeds[i : i + together]))
            )
            for cell, (_, seeds) in cells.items()
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
        trains = table in ("runs", *_OF_TRAINED)
        runs = self.run_folders(experiment, None if trains else section_of(table))
        files = [f"{run}/{table}.csv" for run in runs]
        if table == "sanity":
            files += self.strengths(experiment)
        if table == "landscape" and isinstance(experiment, NetworkExperiment):
            parts = range(experiment.landscape.jobs)
            files = [f"{run}/landscape/part~{part}.csv" for run, part in product(runs, parts)]
        return [file for file in files if file not in lacking]

    def strengths(self, experiment: Experiment) -> list[str]:
        """Files with the rows of sanity.csv that only the first seed of each cell has."""
        if isinstance(experiment, LinearExperiment):
            return []
        name = experiment.name
        runs = [
            NETWORK_RUN.format(experiment=name, cell=cell, seed=seeds[0])
            for cell, (_, seeds) in self.cells[name].items()
        ]
        return [file for run in runs if (file := f"{run}/strength.csv") not in self.lacking]

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

    def wants(self, kind: str, experiment: Experiment) -> bool:
        """Whether an experiment is one that has a figure of a kind."""
        figure = FIGURES[kind]
        if not figure.wanted([experiment]):
            return False
        if not figure.of_several_epochs:
            return True
        cells = self.measured(experiment.name, "evaluation").values()
        epochs = {cell.columns.get("epoch") for cell, _ in cells if cell.checkpoint != "averaged"}
        return len(epochs - {None}) > 1

    def is_drawn(
        self, kind: str, experiment: Experiment, lacking: frozenset[str] | None = None
    ) -> bool:
        """Whether there are rows of which a figure of an experiment can be drawn."""
        return all(self.rows_of(table, experiment, lacking) for table in FIGURES[kind].tables)

    def drawn(self) -> list[tuple[str, str | None]]:
        """The kind of every figure of the study, and its experiment; None of the whole study."""
        found: list[tuple[str, str | None]] = []
        for kind, figure in FIGURES.items():
            if figure.of == "study":
                found += [(kind, None)] if figure.wanted(self.study.experiments) else []
                continue
            found += [
                (kind, name)
                for name, experiment in self.experiments.items()
                if self.wants(kind, experiment) and self.is_drawn(kind, experiment)
            ]
        return found

    def figures(self) -> list[str]:
        """Every figure of the study."""
        return [f"<results>/figures/{figure_name(*figure)}.png" for figure in self.drawn()]

    def tried(self) -> list[tuple[str, str]]:
        """Where each trial's notes are: the file, and the experiment whose networks it is about."""
        files = [
            (f"<results>/runs/{name}/{trial_of(variant)}.json", name)
            for name, experiment in self.trained.items()
            for variant in experiment.trainings
        ]
        files += [
            (f"{run}/checkpoint.json", name)
            for name in self.given
            for run in self.run_folders(self.experiments[name], None)
        ]
        return [(file, name) for file, name in files if file not in self.lacking]

    @cached_property
    def claims(self) -> list[dict[str, Any]]:
        """Every claim of the study, with what it measures worked out."""
        given = {name: list(runs.values()) for name, runs in self.given.items()}
        return [
            resolved(f"experiments[{i}].claims[{j}]", claim, experiment, self.study, given)
            for i, experiment in enumerate(self.study.experiments)
            for j, claim in enumerate(experiment.claims)
        ]

    def claimed_tables(self) -> list[str]:
        """Names of the tables that the claims are decided from."""
        sides = [claim[side] for claim in self.claims for side in ("of", "other")]
        return list(dict.fromkeys(["runs", *(side["table"] for side in sides if side)]))

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


def files_of(table: str) -> list[str]:
    """A table in every format, the CSV file first.

    >>> files_of("runs")
    ['<results>/tables/runs.csv', '<results>/tables/runs.parquet']
    """
    formats = [*FORMATS, *(_PRINTED_FORMATS if table in _PRINTED else ())]
    return [f"<results>/tables/{table}.{format}" for format in formats]


def figure_name(kind: str, experiment: str | None) -> str:
    """Name of a figure's files.

    >>> figure_name("curvature", "a"), figure_name("regimes", None)
    ('curvature_a', 'regimes')
    """
    return kind if experiment is None else f"{kind}_{experiment}"


def trial_of(variant: str | None) -> str:
    """Name of the trial of a training.

    >>> trial_of(None), trial_of("awp")
    ('trial', 'trial,variant~awp')
    """
    return "trial" if variant is None else f"trial,variant~{variant}"


def _key_columns(experiment: Experiment) -> dict[str, str]:
    """The columns that say which experiment a row is of."""
    return {
        "experiment": experiment.name,
        "dataset": experiment.dataset_label,
        "model": experiment.model.label,
        "norm": experiment.threat.norm,
    }
