"""From the rows of single jobs to the study's tidy tables."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from advscape.errors import UserError

#: columns that every table starts with
KEY = ("experiment", "dataset", "model", "norm", "noise", "epsilon", "seed")
#: the other columns of each table; where a quantity does not exist its cell is empty
COLUMNS = {
    "runs": (
        "epochs", "train_loss", "grad_norm", "weight_norm", "regime", "converged", "wall_s",
        "device", "iterations", "hard_margin", "collapse_radius", "weight_decay", "gradient_steps",
        "objective", "best_epoch",
    ),
    "robustness": (
        "split", "checkpoint", "attack", "eval_epsilon", "box", "steps", "restarts", "accuracy",
        "loss", "n", "mean_p1p", "components",
    ),
    "sanity": ("split", "checkpoint", "check", "value", "bound", "ok", "n"),
    "curvature": (
        "split", "checkpoint", "loss", "hessian", "n", "n_response", "kkt_tol", "lambda_max",
        "lambda_max_residual", "trace", "trace_stderr", "scaled_lambda_max", "scaled_trace",
        "mean_p1p", "probes", "products", "converged", "support", "half_spread", "reason",
    ),
    "layers": ("split", "loss", "hessian", "layer", "trace", "trace_stderr"),
    "spectrum": ("split", "loss", "hessian", "eigenvalue", "density", "density_stderr"),
    "finite_scale": (
        "split", "direction", "direction_index", "radius", "total", "total_stderr", "frozen",
        "frozen_stderr", "n",
    ),
    "sharpness": (
        "split", "loss", "measure", "ball", "radius", "value", "stderr", "spread", "draws", "n",
    ),
    "landscape": (
        "split", "direction", "direction_seed", "alpha", "beta", "attack", "loss", "accuracy", "n",
        "curvature", "kinks",
    ),
}  # fmt: skip

#: columns of names
_TEXT = ("experiment", "dataset", "model", "norm", "noise", "layer", "claim", "statement")


def collect(
    table: str, sources: Sequence[dict[str, str]], fragments: Sequence[str | Path]
) -> pd.DataFrame:
    """Put the rows of all jobs under one header.

    Args:
        table: a key of ``COLUMNS``.
        sources: for each fragment, the key columns of its experiment: experiment, dataset, model
            and norm; none for a file that has them itself.
        fragments: CSV files with the other columns.
    """
    parts = []
    for source, fragment in zip(sources, fragments, strict=True):
        # as text, so that no number is rounded or retyped on its way through
        try:
            part = pd.read_csv(fragment, dtype=str, keep_default_na=False)
        except (ValueError, UnicodeError, OSError) as error:
            text = " ".join(str(error).split())
            raise UserError(f"{fragment} cannot be read as rows of a table: {text}") from error
        parts.append(part.assign(**source))
    # with a part of nothing: where every job failed there is the header alone
    parts.append(pd.DataFrame(columns=[*KEY, *COLUMNS[table]], dtype=str))
    rows = pd.concat(parts, ignore_index=True).reindex(columns=[*KEY, *COLUMNS[table]])
    # a run's rows stand together, whichever jobs made them
    runs = rows.groupby(list(KEY), sort=False).ngroup()
    return rows.iloc[runs.argsort(kind="stable")]


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a table; an empty cell is a missing value, the text "none" or "n/a" is a text.

    Names are text, also those that look like numbers or truth values.

    Raises:
        UserError: the file is damaged, or is no table.
    """
    try:
        rows = pd.read_csv(
            path, keep_default_na=False, na_values=[""], dtype=dict.fromkeys(_TEXT, str)
        )
    except (ValueError, UnicodeError, OSError) as error:  # pandas' own are ValueErrors
        text = " ".join(str(error).split())
        raise UserError(f"{path} cannot be read as a table: {text}") from error
    if "experiment" not in rows:
        raise UserError(f"{path} is no table of a study: it has no column experiment")
    return rows


def read_experiment(path: str | Path, experiment: str) -> pd.DataFrame:
    """One experiment's rows of a table."""
    rows = read_table(path)
    return rows[rows["experiment"] == experiment]
