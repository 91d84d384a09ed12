"""The columns of every table, and what their cells are; an empty cell is a missing value."""

from typing import Literal

Kind = Literal["name", "number", "truth"]

NAME: Kind = "name"
NUMBER: Kind = "number"
TRUTH: Kind = "truth"

#: columns that say which run a row is of
KEY: dict[str, Kind] = {
    "experiment": NAME, "dataset": NAME, "model": NAME, "norm": NAME, "noise": NAME,
    "epsilon": NUMBER, "seed": NUMBER,
}  # fmt: skip
#: the other columns of the tables with rows of single jobs
COLUMNS: dict[str, dict[str, Kind]] = {
    "runs": {
        "epochs": NUMBER, "train_loss": NUMBER, "grad_norm": NUMBER, "weight_norm": NUMBER,
        "regime": NAME, "converged": TRUTH, "wall_s": NUMBER, "device": NAME,
        "iterations": NUMBER, "hard_margin": NUMBER, "collapse_radius": NUMBER,
        "weight_decay": NUMBER, "gradient_steps": NUMBER, "objective": NAME, "best_epoch": NUMBER,
    },
    "robustness": {
        "split": NAME, "checkpoint": NAME, "attack": NAME, "eval_epsilon": NUMBER, "box": TRUTH,
        "steps": NUMBER, "restarts": NUMBER, "accuracy": NUMBER, "loss": NUMBER, "n": NUMBER,
        "mean_p1p": NUMBER, "components": NAME,
    },
    "sanity": {
        "split": NAME, "checkpoint": NAME, "check": NAME, "value": NUMBER, "bound": NUMBER,
        "ok": TRUTH, "n": NUMBER,
    },
    "curvature": {
        "split": NAME, "checkpoint": NAME, "loss": NAME, "hessian": NAME, "n": NUMBER,
        "n_response": NUMBER, "kkt_tol": NUMBER, "lambda_max": NUMBER,
        "lambda_max_residual": NUMBER, "trace": NUMBER, "trace_stderr": NUMBER,
        "scaled_lambda_max": NUMBER, "scaled_trace": NUMBER, "mean_p1p": NUMBER, "probes": NUMBER,
        "products": NUMBER, "converged": TRUTH, "support": NUMBER, "half_spread": NUMBER,
        "reason": NAME,
    },
    "layers": {
        "split": NAME, "loss": NAME, "hessian": NAME, "layer": NAME, "trace": NUMBER,
        "trace_stderr": NUMBER,
    },
    "spectrum": {
        "split": NAME, "loss": NAME, "hessian": NAME, "eigenvalue": NUMBER, "density": NUMBER,
        "density_stderr": NUMBER,
    },
    "finite_scale": {
        "split": NAME, "direction": NAME, "direction_index": NUMBER, "radius": NUMBER,
        "total": NUMBER, "total_stderr": NUMBER, "frozen": NUMBER, "frozen_stderr": NUMBER,
        "n": NUMBER,
    },
    "sharpness": {
        "split": NAME, "loss": NAME, "measure": NAME, "ball": NAME, "radius": NUMBER,
        "value": NUMBER, "stderr": NUMBER, "spread": NUMBER, "draws": NUMBER, "n": NUMBER,
    },
    "landscape": {
        "split": NAME, "direction": NAME, "direction_seed": NUMBER, "alpha": NUMBER,
        "beta": NUMBER, "attack": NAME, "loss": NUMBER, "accuracy": NUMBER, "n": NUMBER,
        "curvature": NUMBER, "kinks": TRUTH,
    },
}  # fmt: skip
#: the tables that are read from those, with all their columns
SUMMARIES: dict[str, dict[str, Kind]] = {
    "flatness": {
        **KEY,
        "split": NAME, "direction": NAME, "direction_seed": NUMBER, "attack": NAME,
        "quantity": NAME, "at": NUMBER, "value": NUMBER, "n": NUMBER,
    },
    "claims": {
        "claim": NAME, "statement": NAME, "statistic": NAME, "estimate": NUMBER, "ci_low": NUMBER,
        "ci_high": NUMBER, "p_value": NUMBER, "verdict": NAME, "n_runs": NUMBER,
        "experiment": NAME, "quantity": NAME, "rows": NAME, "rule": NAME,
    },
    "missing": {
        "experiment": NAME, "epsilon": NAME, "seed": NAME, "stage": NAME, "reason": NAME,
        "log": NAME,
    },
}  # fmt: skip


def columns_of(table: str) -> dict[str, Kind]:
    """All columns of a table in their order; none of a table that is not the study's."""
    if table in COLUMNS:
        return KEY | COLUMNS[table]
    return SUMMARIES.get(table, {})
