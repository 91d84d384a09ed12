"""From tables on disk to a figure on disk."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from advscape.figures.style import Drawn, save
from advscape.references import imported
from advscape.tables.collect import last_weights, read_experiment, read_table


def draw(
    function: str,
    experiment: str | None,
    tables: Iterable[str | Path],
    arguments: Mapping[str, Any],
    outputs: Iterable[str | Path],
    checkpoints: Literal["last", "all"] = "last",
) -> None:
    """Draw a figure of :data:`advscape.study.figures.FIGURES`.

    Args:
        function: ``module:name`` of what draws it.
        experiment: whose rows it is drawn from; all rows if None.
        tables: CSV files, in the function's order.
        arguments: by name, for the function.
        outputs: files to write, each in the format of its suffix; .csv gets the figure's data.
        checkpoints: weights whose rows it is drawn from.

    Raises:
        UserError: a table cannot be read.
    """
    rows = [
        read_table(table) if experiment is None else read_experiment(table, experiment)
        for table in tables
    ]
    if checkpoints == "last":
        rows = [last_weights(table) for table in rows]
    drawn: Drawn = imported(function)(*rows, **arguments)
    save(drawn, outputs)
