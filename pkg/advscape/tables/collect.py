"""From the rows of single jobs to the study's tidy tables."""

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from advscape.errors import UserError, shown

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

#: columns of words, in whichever table; a loss is a word where its Hessian is told, else a number
_WORDS = {
    "experiment", "dataset", "model", "norm", "noise", "regime", "device", "objective", "split",
    "checkpoint", "attack", "components", "check", "hessian", "layer", "direction", "measure",
    "ball", "reason", "claim", "statement",
}  # fmt: skip
_LOSSES = {"curvature", "layers", "spectrum", "sharpness"}
#: columns of True and False
_TRUTHS = {"converged", "box", "ok", "kinks"}


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
        part = _read(fragment, "rows of a table", dtype=str)
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

    Args:
        path: ``<table>.csv``. Of the tables of ``COLUMNS`` every column must be there, with
            numbers, words or truth values as it has to be.

    Raises:
        UserError: the file is damaged, or is no table.
    """
    table = Path(path).stem
    words = _WORDS | ({"loss"} if table in _LOSSES else set())
    rows = _read(path, "a table", na_values=[""], dtype=dict.fromkeys(words, str))
    if "experiment" not in rows:
        raise UserError(f"{path} is no table of a study: it has no column experiment")
    if table in COLUMNS:
        _check_columns(rows, path, [*KEY, *COLUMNS[table]], words)
    return rows


def _read(path: str | Path, what: str, **options: Any) -> pd.DataFrame:
    """A CSV file as pandas reads it, or a line that says why not."""
    try:
        with open(path, "rb") as stream:
            content = stream.read()
        if not content.endswith(b"\n"):
            raise ValueError("its last line is cut off")
        with warnings.catch_warnings():
            # of a row with more cells than the header pandas would drop some
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                io.BytesIO(content), keep_default_na=False, index_col=False, **options
            )
    # pandas' own are ValueErrors, and an odd warning
    except (ValueError, OSError, OverflowError, pd.errors.ParserWarning) as error:
        text = " ".join(str(error).split())
        raise UserError(f"{path} cannot be read as {what}: {text}") from error


def _check_columns(
    rows: pd.DataFrame, path: str | Path, columns: Sequence[str], words: set[str]
) -> None:
    lacking = [column for column in columns if column not in rows]
    if lacking:
        raise UserError(f"{path} lacks columns of its table: {', '.join(lacking)}")
    for column in set(columns) - words:
        cells = rows[column].dropna()
        if column in _TRUTHS:
            fine, allowed = cells.map(lambda cell: isinstance(cell, bool)), "True or False"
        elif pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
            continue
        else:
            fine, allowed = pd.to_numeric(cells, errors="coerce").notna(), "a number"
        if not fine.all():
            given = cells[~fine.astype(bool)]
            raise UserError(
                f"{path}, row {given.index[0] + 1}: {column}: got {shown(given.iloc[0])}; "
                f"allowed: {allowed}, or an empty cell"
            )


def read_experiment(path: str | Path, experiment: str) -> pd.DataFrame:
    """One experiment's rows of a table."""
    rows = read_table(path)
    return rows[rows["experiment"] == experiment]
