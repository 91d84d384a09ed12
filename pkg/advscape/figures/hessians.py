"""Rows of the adversarial loss's Hessians on one kind of samples, for figures of each of them."""

import pandas as pd

from advscape.tables.samples import of_one_split

#: the Hessians of which there are spectra and layers, in words
PARTS = {"frozen": "noise frozen", "total": "whole"}


def adversarial(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of both Hessians; at epsilon 0, where nothing responds, both are the clean one.

    Args:
        rows: with the columns split, loss, hessian and epsilon.
    """
    rows = of_one_split(rows)
    rows = rows[rows["hessian"].isin(PARTS)]
    clean = rows[(rows["loss"] == "clean") & (rows["epsilon"] == 0)]
    noisy = rows[(rows["loss"] == "adversarial") & (rows["epsilon"] != 0)]
    return pd.concat([*(clean.assign(hessian=part) for part in PARTS), noisy])


def parts_of(rows: pd.DataFrame) -> list[str]:
    """Which of the Hessians were measured under noise; the frozen one where none was."""
    beyond = set(rows.loc[rows["epsilon"] != 0, "hessian"]) or {"frozen"}
    return [part for part in PARTS if part in beyond]
