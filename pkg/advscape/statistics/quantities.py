"""What claims may be about beside the columns of tables: config and statistics take it from here.

It imports nothing.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """A quantity that is worked out from a table's rows.

    Attributes:
        table: the table.
        function: ``module:name`` of what works it out: from an experiment's rows, and what of them
            is selected, to rows with the column ``value`` and without the columns in ``uses``.
        uses: columns that the function looks at itself.
        meaning: in words, for the config's schema.
    """

    table: str
    function: str
    uses: tuple[str, ...]
    meaning: str


#: by name
QUANTITIES: dict[str, Quantity] = {
    "rise": Quantity(
        "flatness", "advscape.statistics.derived:rise", ("quantity", "at"),
        "the mean loss at the ends of the landscape's lines minus that at 0, over the directions "
        "(the largest `at` of flatness.csv)",
    ),
    "finite_scale": Quantity(
        "finite_scale", "advscape.statistics.derived:finite_scale", ("direction", "attack"),
        "the largest second difference over a finite scale, by `attack`: frozen or regenerated",
    ),
    "gap_accuracy": Quantity(
        "robustness", "advscape.statistics.derived:gap_accuracy", ("split",),
        "accuracy on training samples minus that on test samples",
    ),
    "gap_loss": Quantity(
        "robustness", "advscape.statistics.derived:gap_loss", ("split",),
        "loss on test samples minus that on training samples",
    ),
}  # fmt: skip


def meanings() -> str:
    """All of them in words."""
    return "; ".join(f"{name}: {quantity.meaning}" for name, quantity in QUANTITIES.items())
