"""Which weights of a run each stage measures."""

from collections.abc import Iterator
from dataclasses import replace

from advscape.study.cells import Cell
from advscape.study.config.study import TrainedExperiment
from advscape.study.config.training import NetworkTraining


def after_last(training: NetworkTraining) -> int | None:
    """What the column epoch says of a run's last weights: nothing, but where there are others."""
    return training.epochs if training.snapshots is not None else None


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
