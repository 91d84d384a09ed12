"""Claims and tables for tests of the rules, and simulated studies."""

import numpy as np
import pandas as pd

from advscape.statistics.effects import Effects
from advscape.statistics.series import Measurement

#: seeds, epsilons, spread of the logarithm over runs, and of what all epsilons of a seed share
SETTINGS = [(3, 3, 0.3, 0.0), (4, 4, 0.85, 0.5), (5, 6, 0.3, 0.5), (8, 4, 0.85, 0.0)]


def claim(rule, **keys):
    """A claim as the plan has it, about lambda_max of frozen Hessians of the experiment a."""
    ratios = rule not in ("associated", "share")
    return {
        "rule": rule, "along": "epsilon", "within": None, "sign": None, "difference": None,
        "bound": 1.0 if ratios else 0.0, "level": 0.05, "seeds": [], "other": None,
        "of": Measurement("a", "curvature", "lambda_max", {"hessian": "frozen"}), **keys,
    }  # fmt: skip


def tables(values, experiment="a", **columns):
    """Curvature and runs with these values (seeds, epsilons), epsilons 0, 1, 2 ..."""
    values = np.asarray(values, dtype=float)
    seeds, epsilons = np.meshgrid(*map(np.arange, values.shape), indexing="ij")
    rows = pd.DataFrame(
        {
            "experiment": experiment, "noise": "aligned", "epsilon": epsilons.ravel() * 1.0,
            "seed": seeds.ravel(), "label": None, "epoch": np.nan, "variant": None,
            "checkpoint": "last", "hessian": "frozen", "lambda_max": values.ravel(), **columns,
        }
    )  # fmt: skip
    return {"curvature": rows, "runs": rows.drop(columns="checkpoint").assign(regime="n/a")}


def both(one, two):
    """Tables with the rows of both."""
    return {name: pd.concat([one[name], two[name]], ignore_index=True) for name in one}


def lognormal(rng, seeds, epsilons, spread, common, ratio):
    """Values (seeds, epsilons) whose last epsilon is truly ``ratio`` times the first."""
    course = np.log(ratio) * np.linspace(0, 1, epsilons)
    noise = rng.normal(scale=spread, size=(seeds, epsilons))
    shift = rng.normal(scale=common, size=(seeds, 1))
    return np.exp(course + noise + shift)


def effects_of(course):
    """The effects of trends, as :func:`advscape.statistics.effects.along` makes them."""
    logs = np.log(course[:, -1] / course[:, 0])
    return Effects("ratio", "", logs, course.size, "", course)
