"""How far the loss rises above the trained weights, which is what sharpness means."""

import pandas as pd


def with_rise(rows: pd.DataFrame, scan: list[str]) -> pd.DataFrame:
    """The rows with a column ``rise``: the loss minus that at the centre of the row's own scan.

    Args:
        rows: of landscape.csv, with a centre (alpha = beta = 0) for every scan.
        scan: columns that tell one line or plane from another.
    """
    centres = rows.loc[(rows["alpha"] == 0) & (rows["beta"] == 0), [*scan, "loss"]]
    rows = rows.merge(centres, on=scan, suffixes=("", "_at_centre"))
    return rows.assign(rise=rows["loss"] - rows["loss_at_centre"])
