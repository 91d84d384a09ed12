"""What a claim measures, worked out from the config; or one line that says why it cannot."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from math import isclose
from typing import Any

from advscape.epsilon import in_words
from advscape.errors import ConfigError, shown
from advscape.statistics.quantities import QUANTITIES
from advscape.statistics.rules import RULES
from advscape.statistics.series import AVERAGED
from advscape.study.cells import Cell
from advscape.study.claim_rows import (
    CELLS,
    REGIMES,
    Experiment,
    cells_of,
    default,
    numbers_of,
    required,
    seeds_of,
    tables_of,
    told_by,
    values_of,
)
from advscape.study.config.claim import ClaimConfig
from advscape.study.config.study import LinearExperiment, Study
from advscape.study.given import Given

#: what the measurements of a claim may still differ in, beside their seeds, by rule; of trends what
#: they are along, of associations everything
_ALL = "all"


def resolved(
    at: str,
    claim: ClaimConfig,
    experiment: Experiment,
    study: Study,
    given: Mapping[str, Sequence[Given]],
) -> dict[str, Any]:
    """A claim with everything that deciding it needs.

    Args:
        at: its key.
        claim: one of the experiment's.
        experiment: the experiment.
        study: whose experiments it may be set against.
        given: the runs of each experiment with checkpoints.

    Returns:
        What :func:`advscape.statistics.decide.decide` takes, with id and statement.

    Raises:
        ConfigError: it does not fit its rule, or is about something that is not measured.
    """
    _check_keys(at, claim)
    rule = RULES[claim.rule]
    free = claim.along if "along" in rule.keys else _ALL if "within" in rule.keys else None
    of = _measurement(at, claim.table, claim.quantity, claim.select, experiment, given, free)
    seeds, other = seeds_of(experiment, given), None
    if claim.other is not None:
        own = claim.other.quantity is not None or claim.other.table is not None
        select = dict(claim.other.select if own else {**claim.select, **claim.other.select})
        named = select.pop("experiment", experiment.name)
        experiments = {each.name: each for each in study.experiments}
        if named not in experiments:
            allowed = ", ".join(experiments)
            raise ConfigError(f"{at}.other.select.experiment", shown(named), allowed)
        against = experiments[str(named)]
        table = claim.other.table if own else claim.table
        quantity = claim.other.quantity or claim.quantity
        other = _measurement(f"{at}.other", table, quantity, select, against, given, free)
        if other == of:
            raise ConfigError(f"{at}.other", "the claim's own measurement", "another one")
        common = [seed for seed in seeds if seed in seeds_of(against, given)]
        if not common:
            theirs = ", ".join(map(str, seeds_of(against, given)))
            raise ConfigError(
                f"{at}.other.select.experiment",
                f"{against.name}, with the seeds {theirs}",
                f"an experiment with some of the seeds {', '.join(map(str, seeds))}",
            )
        seeds = common
    return {
        "id": claim.id,
        "statement": claim.statement,
        "rule": claim.rule,
        "along": claim.along,
        "within": claim.within,
        "sign": claim.side,
        "difference": claim.difference,
        "bound": claim.bound,
        "level": claim.level,
        "seeds": seeds,
        "of": of,
        "other": other,
    }


def _check_keys(at: str, claim: ClaimConfig) -> None:
    """The claim has the keys that its rule takes, and no others.

    Raises:
        ConfigError: it has not.
    """
    taken = RULES[claim.rule].keys
    optional = dict.fromkeys(key for rule in RULES.values() for key in rule.keys)
    for key in optional:
        value = getattr(claim, key)
        # as a config has it that was written with every default
        usual = ClaimConfig.model_fields[key].default
        if value != usual and key not in taken:
            takers = ", ".join(name for name, rule in RULES.items() if key in rule.keys)
            given = "a mapping" if key == "other" else shown(value)
            raise ConfigError(f"{at}.{key}", given, f"nothing with {claim.rule}; it is of {takers}")
    if "other" in taken and claim.other is None:
        allowed = f"what {claim.rule} compares with: quantity, select or both"
        raise ConfigError(f"{at}.other", "nothing", allowed)
    if claim.ratio is not None and claim.difference is not None:
        raise ConfigError(f"{at}.difference", "it beside ratio", "one of them")
    if "at_least" in taken and (claim.at_least is None) == (claim.at_most is None):
        given = "nothing" if claim.at_least is None else "it beside at_most"
        raise ConfigError(f"{at}.at_least", given, "at_least or at_most, the share's bound")


def _measurement(
    at: str,
    table: str | None,
    quantity: str,
    select: Mapping[str, Any],
    experiment: Experiment,
    given: Mapping[str, Sequence[Given]],
    free: str | None,
) -> dict[str, Any]:
    """One measurement for each run, or for each that may differ.

    Raises:
        ConfigError: there is no such column, value or run, or several.
    """
    table = _table(at, table, quantity, experiment)
    names = told_by(table, quantity)
    linear = isinstance(experiment, LinearExperiment)
    columns = ["noise", *CELLS, *names, *(["regime"] if linear else [])]
    _check_columns(at, select, columns)
    select = {name: value if name in CELLS else _alone(value) for name, value in select.items()}
    chosen: dict[str, Any] = {}
    for column in ("noise", *names):
        values = values_of(column, table, experiment, chosen | select)
        value = select.get(column)
        if value is not None:
            _check_value(f"{at}.select.{column}", column, value, values, chosen, free)
        elif required(column, values):
            value = default(column, values, chosen | select)
            if value is None:
                raise ConfigError(f"{at}.select.{column}", "nothing", _listed(values))
        elif values and len(values) == 1:
            value = values[0]  # said in claims.csv, though nothing else is there
        if value is not None:
            chosen[column] = value
    if "regime" in select:
        _check_value(f"{at}.select.regime", "regime", select["regime"], REGIMES, chosen, free)
    cells = _cells(at, table, select, experiment, given, free)
    chosen |= {column: select[column] for column in (*CELLS, "regime") if column in select}
    if "checkpoint" not in select and any(cell.checkpoint != "last" for cell in cells):
        chosen["checkpoint"] = ["last", "snapshot"] if free == "epoch" else "last"
    return {"experiment": experiment.name, "table": table, "quantity": quantity, "select": chosen}


def _check_columns(at: str, select: Mapping[str, Any], columns: Sequence[str]) -> None:
    """Every column that is selected tells rows apart.

    Raises:
        ConfigError: one does not.
    """
    for column in select:
        if column not in columns:
            close = get_close_matches(column, columns, 1)
            guess = f" (did you mean {close[0]}?)" if close else ""
            raise ConfigError(
                f"{at}.select.{column}", f"a column that tells no rows apart{guess}",
                ", ".join(columns),
            )  # fmt: skip


def _table(at: str, table: str | None, quantity: str, experiment: Experiment) -> str:
    """The table that a quantity is of.

    Raises:
        ConfigError: there is none, or several.
    """
    there = tables_of(experiment)
    if table is not None and table not in there:
        allowed = f"{', '.join(there)}, which {experiment.name} has"
        raise ConfigError(f"{at}.table", shown(table), allowed)
    if quantity in QUANTITIES and table in (None, QUANTITIES[quantity].table):
        of = QUANTITIES[quantity].table
        if of not in there:
            allowed = f"a number of {', '.join(there)}, which {experiment.name} has"
            raise ConfigError(f"{at}.quantity", shown(quantity), allowed)
        return of
    having = [name for name in there if quantity in numbers_of(name)]
    if table is not None:
        if quantity not in numbers_of(table):
            allowed = f"{', '.join(numbers_of(table))}, the numbers of {table}.csv"
            raise ConfigError(f"{at}.quantity", shown(quantity), allowed)
        return table
    if "curvature" in having:
        return "curvature"
    if len(having) > 1:
        raise ConfigError(f"{at}.table", "nothing", f"one of {', '.join(having)}, which have it")
    if not having:
        every = [*QUANTITIES, *(name for each in there for name in numbers_of(each))]
        close = get_close_matches(quantity, every, 1)
        guess = f" (did you mean {close[0]}?)" if close else ""
        allowed = "lambda_max, trace and other columns with numbers of docs/tables.md"
        raise ConfigError(
            f"{at}.quantity", shown(quantity) + guess, f"{allowed}, {', '.join(QUANTITIES)}"
        )
    return having[0]


def _cells(
    at: str,
    table: str,
    select: Mapping[str, Any],
    experiment: Experiment,
    given: Mapping[str, Sequence[Given]],
    free: str | None,
) -> list[Cell]:
    """The cells that are left by the selection, which may differ in what is free alone.

    Raises:
        ConfigError: there are none, or some differ in something else.
    """
    cells = cells_of(experiment, table, given)
    if free is not None and not isinstance(select.get(free, []), list):
        allowed = f"nothing or a list, since the claim is about its change with {free}"
        raise ConfigError(f"{at}.select.{free}", shown(select[free]), allowed)
    usual: dict[str, Any] = {"checkpoint": ["last", "snapshot"] if free == "epoch" else "last"}
    left = cells
    for column in CELLS:
        wanted = {**usual, **select}.get(column)
        # the epochs of history.csv are its rows
        if wanted is not None and not (column == "epoch" and table == "history"):
            left = _with(f"{at}.select.{column}", column, wanted, left, cells)
    if free == "epsilon" and any(cell.epsilon is None for cell in left):
        allowed = f"those with one, since the claim is about it{_chosen(left, free)}"
        raise ConfigError(f"{at}.select", "checkpoints without an epsilon", allowed)
    if free == "epoch" and table != "history" and any(_of(cell, "epoch") is None for cell in left):
        allowed = "snapshots, or checkpoints with their epochs, since the claim is about those"
        raise ConfigError(f"{at}.along", "'epoch'", allowed + _chosen(left, free))
    for column in () if free == _ALL else CELLS[:-1]:
        values = list(dict.fromkeys(_of(cell, column) for cell in left))
        if column != free and len(values) > 1:
            named = _listed([value for value in values if value is not None])
            wanted = shown(select[column]) if column in select else "nothing"
            one = f"one of {named}: one measurement for each run"
            raise ConfigError(f"{at}.select.{column}", wanted, one)
    return cells


def _with(
    at: str, column: str, wanted: Any, left: Sequence[Cell], cells: Sequence[Cell]
) -> list[Cell]:
    """Those of the cells that are left with one of the values that are wanted.

    Raises:
        ConfigError: no cell has one of the values that were given, or none is left.
    """
    values = dict.fromkeys(_of(cell, column) for cell in cells)
    named = _listed([value for value in values if value is not None])
    several = wanted if isinstance(wanted, list) else [wanted]
    found = [cell for cell in left if any(_same(_of(cell, column), one) for one in several)]
    absent = [one for one in several if not any(_same(value, one) for value in values)]
    if not found or (absent and column != "checkpoint"):
        given = shown(absent[0] if absent else wanted)
        raise ConfigError(at, given, named or "nothing: its runs have none")
    return found


def _chosen(cells: Sequence[Cell], column: str) -> str:
    """How to select the cells that have a column, in words; nothing where none has."""
    values = [_of(cell, column) for cell in cells]
    named = [value for value in dict.fromkeys(values) if value is not None]
    return f" (select: {{{column}: [{_listed(named)}]}})" if named else ""


def _of(cell: Cell, column: str) -> Any:
    if column == "checkpoint":
        return cell.checkpoint
    return cell.epsilon if column == "epsilon" else cell.columns.get(column)


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, int | float) and isinstance(wanted, int | float):
        return isclose(value, wanted, rel_tol=1e-9)
    return bool(value == wanted)


def _check_value(
    at: str,
    column: str,
    value: Any,
    values: Sequence[Any] | None,
    chosen: Mapping[str, Any],
    free: str | None,
) -> None:
    """A selected value is one that its column will have, where that is known.

    Raises:
        ConfigError: it is not, or several are selected of which a run has a row each.
    """
    # claims average over directions
    several = column in AVERAGED or (column == "noise" and free == _ALL)
    if isinstance(value, list) and not several:
        one = f"one of {_listed(value)}: one measurement for each run"
        raise ConfigError(at, shown(value), one)
    if values is not None and not _among(value, values):
        what = "" if column != "hessian" else f", for the {chosen['loss']} loss of this model"
        raise ConfigError(at, shown(value), _listed(values) + what)


def _alone(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _among(value: Any, values: Sequence[Any]) -> bool:
    wanted = value if isinstance(value, list) else [value]
    return all(any(_same(each, one) for each in values) for one in wanted)


def _listed(values: Sequence[Any] | None) -> str:
    if values is None:
        return "one of its values: several rows of a run differ in it"
    words = (in_words(v) if isinstance(v, float) else str(v) for v in values)
    return ", ".join(words) or "nothing: its rows have none"
