"""comparison.csv: trainings, or networks, side by side: robust accuracy, gap, sharpness."""

import pandas as pd

from advscape.study.columns import SUMMARIES
from advscape.tables.per_run import STATE, per_run

#: what is compared, and whether the best value is the largest
_RANKED = {"test_accuracy": True, "gap_accuracy": False, "frozen": False, "worst": False}
_MEANS = (
    "clean_accuracy", "test_accuracy", "test_loss", "gap_accuracy", "gap_loss", "frozen", "total",
    "average", "worst",
)  # fmt: skip


def comparison_table(
    robustness: pd.DataFrame, curvature: pd.DataFrame, sharpness: pd.DataFrame
) -> pd.DataFrame:
    """Means over seeds of what :func:`advscape.tables.per_run.per_run` gives, with their spread.

    Rows of an experiment stand by robust accuracy on test samples, the highest first; ranks are
    among the experiment's rows, 1 the best: the most accurate, the smallest gap, the flattest.
    Equal values share a rank, and stand in the order of the config. Snapshots are left out: they
    are no outcomes.

    Args:
        robustness: rows of robustness.csv; those of linear models are left out.
        curvature: rows of curvature.csv.
        sharpness: rows of sharpness.csv.
    """
    rows = per_run(robustness, curvature, sharpness)
    rows = rows[
        rows["experiment"].isin(set(sharpness["experiment"])) & (rows["checkpoint"] != "snapshot")
    ]
    # the epoch of best weights differs from seed to seed
    cell = [column for column in STATE if column not in ("seed", "epoch")]
    groups = rows.groupby(cell, sort=False, dropna=False)
    means, spreads = groups[list(_MEANS)].mean(), groups[list(_MEANS)].std()
    table = means.join(spreads.add_suffix("_sd")).join(groups.size().rename("seeds")).reset_index()
    for column, largest in _RANKED.items():
        ranks = table.groupby("experiment")[column].rank(ascending=not largest, method="min")
        table[f"rank_{column}"] = ranks.astype("Int64")
    order = table["experiment"].map({name: i for i, name in enumerate(rows["experiment"].unique())})
    table = table.assign(order=order).sort_values(
        ["order", "test_accuracy"], ascending=[True, False], kind="stable"
    )
    return table[list(SUMMARIES["comparison"])]
