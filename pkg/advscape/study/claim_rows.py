"""Which rows of the tables a claim is about: what tells them apart, and which there will be."""

from collections.abc import Mapping, Sequence
from typing import Any

from advscape.landscape.catalogue import DIRECTIONS
from advscape.landscape.grid import alphas, line
from advscape.statistics.quantities import QUANTITIES
from advscape.statistics.series import AVERAGED
from advscape.study.cells import Cell
from advscape.study.columns import KEY, NUMBER, columns_of, names_of_rows
from advscape.study.config.claim import CLAIMED
from advscape.study.config.sharpness import NetworkSharpness
from advscape.study.config.study import (
    GivenExperiment,
    LinearExperiment,
    NetworkExperiment,
    TrainedExperiment,
)
from advscape.study.given import Given
from advscape.study.measured import checkpoints_of, runs_of, section_of

Experiment = LinearExperiment | NetworkExperiment
#: columns that tell an experiment's cells apart
CELLS = ("epsilon", "label", "epoch", "variant", "checkpoint")
#: of a linear model's runs, as :func:`advscape.linear.regime.regime` names them
REGIMES = ("separable", "finite", "collapsed")
_OF_LINEAR = ("runs", "robustness", "sanity", "curvature", "landscape", "flatness")


def numbers_of(table: str) -> list[str]:
    """Columns of a table that a claim may be about."""
    return [
        name for name, column in columns_of(table).items()
        if column.kind == NUMBER and not column.key and name not in KEY
    ]  # fmt: skip


def tables_of(experiment: Experiment) -> list[str]:
    """Tables that have rows of an experiment."""
    if isinstance(experiment, LinearExperiment):
        return list(_OF_LINEAR)
    trained = isinstance(experiment, TrainedExperiment)
    return [table for table in CLAIMED if trained or table != "history"]


def told_by(table: str, quantity: str) -> list[str]:
    """Columns that tell the rows of one network apart, where a quantity has values."""
    uses = QUANTITIES[quantity].uses if quantity in QUANTITIES else ()
    own = [column for column in names_of_rows(table) if column not in uses]
    return own + [column for column in uses if column not in columns_of(table)]


def cells_of(
    experiment: Experiment, table: str, given: Mapping[str, Sequence[Given]]
) -> list[Cell]:
    """What of an experiment a table has rows of, seed by seed."""
    section = section_of(table)
    if isinstance(experiment, LinearExperiment):
        return [Cell(epsilon) for epsilon in experiment.grid.epsilons]
    if isinstance(experiment, GivenExperiment):
        return list(dict.fromkeys(run.cell for run in given[experiment.name]))
    assert isinstance(experiment, TrainedExperiment)
    runs = runs_of(experiment)
    if section == "training":
        return runs
    return [cell for run in runs for cell in checkpoints_of(experiment, section, run)]


def seeds_of(experiment: Experiment, given: Mapping[str, Sequence[Given]]) -> list[int]:
    """The seeds of an experiment's runs."""
    if isinstance(experiment, GivenExperiment):
        return sorted({run.seed for run in given[experiment.name]})
    assert isinstance(experiment, LinearExperiment | TrainedExperiment)
    return list(experiment.grid.seeds)


def values_of(
    column: str, table: str, experiment: Experiment, select: Mapping[str, Any]
) -> list[Any] | None:
    """The values that a column will have; None where that is not known before.

    Args:
        column: a column of the table.
        table: its name.
        experiment: whose rows.
        select: what is selected of the columns before it.
    """
    if column in ("loss", "hessian"):
        return _losses(column, table, experiment, select)
    if column == "split":
        section = getattr(experiment, section_of(table), None)
        return list(getattr(section, "splits", ("train", "test")))
    if column == "noise":
        return _arms(experiment)
    if table == "robustness":
        return _of_judges(column, experiment, select)
    if table in ("landscape", "flatness"):
        return _of_lines(column, experiment, select)
    if isinstance(experiment, LinearExperiment):
        return None
    if table == "sharpness":
        return _of_measures(column, experiment.sharpness, select)
    return _of_networks(column, experiment)


def _arms(experiment: Experiment) -> list[Any]:
    if isinstance(experiment, LinearExperiment):
        return list(experiment.grid.noise)
    return [experiment.noise]


def _of_measures(
    column: str, sharpness: NetworkSharpness, select: Mapping[str, Any]
) -> list[Any] | None:
    if column == "measure":
        return list(sharpness.measures)
    sizes = sharpness.sizes(str(select["measure"]))
    if sizes is None:
        return None
    return list(sizes) if column == "ball" else list(sizes.get(str(select.get("ball")), []))


def _of_networks(column: str, experiment: NetworkExperiment) -> list[Any] | None:
    curvature = experiment.curvature
    known: dict[str, list[Any]] = {
        "end": ["largest", *(["smallest"] if curvature.smallest else [])],
        "rank": list(range(1, max(curvature.largest, curvature.smallest) + 1)),
        "scale": list(curvature.finite_scale.radii),
        "direction": ["largest", *(["random"] if curvature.finite_scale.random else [])],
        "attack": ["frozen", "regenerated"],
    }
    return known.get(column)


def _losses(
    column: str, table: str, experiment: Experiment, select: Mapping[str, Any]
) -> list[Any] | None:
    if column == "loss":
        if table == "sharpness" and isinstance(experiment, NetworkExperiment):
            return list(experiment.sharpness.losses)
        return ["adversarial", "clean"]
    if select.get("loss") == "clean":
        return ["total"]
    if table != "curvature":
        return ["frozen", "total"]
    terms = ["frozen", "response", "total"]
    if isinstance(experiment, NetworkExperiment):
        terms += ["gauss-newton", "functional"]
    return terms


def _of_judges(column: str, experiment: Experiment, select: Mapping[str, Any]) -> list[Any] | None:
    if column == "eval_epsilon":
        if select.get("attack") == "none":
            return [0]
        if isinstance(experiment, GivenExperiment):
            return None  # each network may have its own
        assert isinstance(experiment, LinearExperiment | TrainedExperiment)
        radii = dict.fromkeys([experiment.evaluation.common_epsilon, *experiment.grid.epsilons])
        return ["own", *(radius for radius in radii if radius)]
    if isinstance(experiment, LinearExperiment):
        return {"attack": ["closed-form", "none"]}.get(column, [])
    attacks = experiment.evaluation.attacks
    if column == "attack":
        return [*dict.fromkeys(attack.name for attack in attacks), "none"]
    # steps and restarts, which not every attack has
    named = [attack for attack in attacks if attack.name == select.get("attack", attacks[0].name)]
    values = dict.fromkeys(getattr(attack, column, None) for attack in named)
    return [value for value in values if value is not None]


def _of_lines(column: str, experiment: Experiment, select: Mapping[str, Any]) -> list[Any] | None:
    landscape = experiment.landscape
    attacks, directions = ["none", "frozen", "regenerated"], ["filter-normalised"]
    if isinstance(experiment, NetworkExperiment):
        attacks = list(experiment.landscape.attacks)
        directions = list(experiment.landscape.directions)
    at = {
        "rise": landscape.rise_radii, "width": [landscape.flatness.level],
        "second-difference": [landscape.step], "hessian": [0.0],
    }  # fmt: skip
    on_line = line(landscape.radius, landscape.points, landscape.step).tolist()
    flat = landscape.plane
    on_plane = alphas(flat.radius, flat.points).tolist() if flat else []
    known: dict[str, list[Any]] = {
        "attack": attacks,
        "direction": directions,
        "direction_seed": _seeds_of_lines(experiment, select),
        "quantity": list(at),
        "at": list(at.get(str(select.get("quantity")), [])),
        "alpha": sorted({*on_line, *on_plane}),
        "beta": sorted({0.0, *on_plane}),
    }
    return known.get(column)


def _seeds_of_lines(experiment: Experiment, select: Mapping[str, Any]) -> list[Any]:
    kind = DIRECTIONS.get(str(select.get("direction")))
    if isinstance(experiment, NetworkExperiment) and kind is not None and kind.lines != "seeds":
        count = experiment.curvature.eigenvectors if kind.lines == "eigenvectors" else 1
        return list(range(count))
    return list(experiment.landscape.direction_seeds)


def required(column: str, values: Sequence[Any] | None) -> bool:
    """Whether a claim has to say which of a column's values it means."""
    return column not in AVERAGED and (values is None or len(values) > 1)


def default(column: str, values: Sequence[Any] | None, select: Mapping[str, Any]) -> Any:
    """What a claim means where it does not say; None where there is no such."""
    if column == "eval_epsilon":
        return 0 if select.get("attack") == "none" else "own"
    if column == "attack" and values and values[-1] == "none":  # of robustness, the first judge
        return "none" if select.get("eval_epsilon") == 0 else values[0]
    usual = {
        "split": "train", "noise": "aligned", "loss": "adversarial", "beta": 0.0,
        "direction": "filter-normalised",
    }  # fmt: skip
    found = usual.get(column)
    if values is not None and found not in values:
        return "largest" if column == "direction" and "largest" in values else None
    return found
