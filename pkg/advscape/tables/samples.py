"""Which samples summaries and figures are about, where a study measures one kind or both."""

import pandas as pd

#: by the table's word
SAMPLES = {"train": "training samples", "test": "test samples"}


def split_of(rows: pd.DataFrame) -> str:
    """``train`` where rows are of training samples, or else ``test``.

    Args:
        rows: with the column split.
    """
    return "train" if "train" in set(rows["split"]) else "test"


def of_one_split(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of :func:`split_of`."""
    return rows[rows["split"] == split_of(rows)]
