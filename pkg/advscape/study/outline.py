"""A study as its report tells it: what was run, which figures and tables there are.

Plain values, for the parameter of the report's job: the report is made again when they change.
"""

from pathlib import PurePosixPath
from typing import Any

from advscape.study.config.study import LinearExperiment, TrainedExperiment
from advscape.study.config.variant import BASE
from advscape.study.figures import FIGURES, Experiment
from advscape.study.plan import Plan, figure_name, trial_of

#: tables whose rows the report shows, where the study has them; the others it links
SHOWN = (
    "claims", "comparison", "runs", "robustness", "curvature", "finite_scale", "sharpness",
    "sanity", "missing",
)  # fmt: skip
#: the table that each stage makes rows of, one file a job
_ROWS = {
    "evaluate": "robustness", "curvature": "curvature", "landscape": "landscape",
    "sharpness": "sharpness",
}  # fmt: skip


def shown_tables(plan: Plan) -> list[str]:
    """Names of the tables whose rows the report shows."""
    there = {"claims", *plan.tables, *plan.summaries}
    return [table for table in SHOWN if table in there]


def linked_tables(plan: Plan) -> list[str]:
    """Names of the tables that the report only links."""
    return [table for table in (*plan.tables, *plan.summaries) if table not in SHOWN]


def outline(plan: Plan) -> dict[str, Any]:
    """What the report tells of a study beside its numbers.

    Returns:
        ``study``, ``question``, ``experiments`` (what was to be run), ``figures``, ``shown`` and
        ``linked`` (tables), ``jobs`` (see :func:`jobs_of`), and ``tried``, whose networks each
        trial was about.
    """
    return {
        "study": plan.study.study,
        "question": plan.study.question,
        "experiments": [_experiment(plan, e) for e in plan.study.experiments],
        "figures": [_figure(plan, *figure) for figure in plan.drawn()],
        "shown": shown_tables(plan),
        "linked": linked_tables(plan),
        "jobs": jobs_of(plan),
        "tried": [name for _, name in plan.tried()],
    }


def jobs_of(plan: Plan) -> dict[str, list[str]]:
    """The jobs of each stage: paths, without ending, of their benchmarks below the stage's folder.

    Without those that a failed start did not make: what lies there would be an older one's.
    """
    jobs: dict[str, list[str]] = {"dataset": sorted({e.dataset.id for e in plan.study.experiments})}
    for name, experiment in plan.experiments.items():
        if isinstance(experiment, TrainedExperiment):
            trials = [f"{name}/{trial_of(variant)}" for variant in experiment.trainings]
            jobs.setdefault("try", []).extend(trials)
        tables = {"take" if name in plan.given else "train": "runs", **_ROWS}
        if isinstance(experiment, LinearExperiment):
            del tables["sharpness"]
        for stage, table in tables.items():
            rows = (PurePosixPath(file) for file in plan.rows_of(table, experiment))
            jobs.setdefault(stage, []).extend(_job(file) for file in rows)
        if not isinstance(experiment, LinearExperiment):
            strengths = map(PurePosixPath, plan.strengths(experiment))
            jobs.setdefault("strength", []).extend(_job(file) for file in strengths)
    return jobs


def _job(rows: PurePosixPath) -> str:
    """A job by its rows: those of a network's landscape may be shared between several."""
    run = rows.relative_to("<results>/runs")
    shared = run.parent.name == "landscape"
    return str(run.parent.parent / run.stem if shared else run.parent)


def _figure(plan: Plan, kind: str, experiment: str | None) -> dict[str, Any]:
    figure = FIGURES[kind]
    title = figure.label if experiment is None else plan.experiments[experiment].display_title
    return {
        "name": figure_name(kind, experiment), "kind": kind, "experiment": experiment,
        "title": title, "category": figure.category,
    }  # fmt: skip


def _experiment(plan: Plan, experiment: Experiment) -> dict[str, Any]:
    variants = []
    if isinstance(experiment, LinearExperiment):
        epsilons: list[float | None] = [*experiment.grid.epsilons]
        seeds = experiment.grid.seeds
        noise: list[str] = [*experiment.grid.noise]
        runs = len(epsilons) * len(seeds) * len(noise)
    else:
        cells = list(plan.cells[experiment.name].values())
        epsilons = list(dict.fromkeys(cell.epsilon for cell, _ in cells))
        seeds = list(dict.fromkeys(seed for _, of_cell in cells for seed in of_cell))
        noise, runs = [experiment.noise], sum(len(of_cell) for _, of_cell in cells)
    if isinstance(experiment, TrainedExperiment) and experiment.variants:
        variants = [BASE, *(variant.name for variant in experiment.variants)]
    return {
        "name": experiment.name, "title": experiment.display_title,
        "dataset": experiment.dataset_label, "model": experiment.model.label,
        "norm": experiment.threat.norm, "epsilons": epsilons, "seeds": seeds, "noise": noise,
        "variants": variants, "runs": runs, "trained": experiment.name not in plan.given,
    }  # fmt: skip
