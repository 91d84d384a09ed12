"""Which weights of a run each stage measures."""

from collections.abc import Iterator
from dataclasses import replace

from advscape.study.cells import Cell
from advscape.study.config.study import TrainedExperiment
from advscape.study.config.training import NetworkTraining

#: the section of the config whose stage makes a table's rows; curvature makes the others
_SECTIONS = {
    "runs": "training", "history": "training", "robustness": "evaluation", "sanity": "evaluation",
    "landscape": "landscape", "flatness": "landscape", "sharpness": "sharpness",
}  # fmt: skip


def section_of(table: str) -> str:
    """The section of the config that says what of a run a table has rows of."""
    return _SECTIONS.get(table, "curvature")


def after_last(training: NetworkTraining) -> int | None:
    """What the column epoch says of a run's last weights: nothing, but where there are others."""
    return training.epochs if training.snapshots is not None else None


def runs_of(experiment: TrainedExperiment) -> list[Cell]:
    """The cells of an experiment's runs, by their last weights."""
    return [
        Cell(epsilon, variant=variant, after=after_last(training))
        for variant, training in experiment.trainings.items()
        for epsilon in experiment.grid.epsilons
    ]


def checkpoints_of(experiment: TrainedExperiment, section: str, run: Cell) -> Iterator[Cell]:
    """The cells of a run's weights that a stage measures.

    The last ones are always among them. Weights that the run's variant does not have are left out,
    and so is the snapshot of the last epoch, which is the last weights.

    Args:
        experiment: whose run it is.
        section: the stage's in the config.
        run: the cell of the run's last weights.
    """
    training = experiment.trainings[run.variant]
    wanted = getattr(experiment, section).checkpoints
    if wanted is None:  # of evaluation: all that stand at the end of a run
        wanted = ["last", "best", "averaged"]
        if experiment.dataset.validation_fraction is None:
            wanted.remove("best")
    kept = training.snapshot_epochs
    epochs = kept if "snapshots" in wanted else [epoch for epoch in wanted if epoch in kept]
    yield run
    if "best" in wanted:
        yield replace(run, checkpoint="best", after=None)
    if "averaged" in wanted and training.averaging is not None:
        yield replace(run, checkpoint="averaged")
    for epoch in epochs:
        if epoch < training.epochs:
            yield replace(run, checkpoint="snapshot", epoch=epoch, after=None)
