"""Flatness read from lines: rise, width, and the quadratic coefficient beside the Hessian's."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

#: columns that tell one line from another
LINE = ["experiment", "dataset", "model", "norm", "noise", "epsilon", "seed", "split", "direction",
        "direction_seed", "attack"]  # fmt: skip


def flatness_table(landscape: pd.DataFrame, settings: Mapping[str, Mapping]) -> pd.DataFrame:
    r"""Rows of flatness.csv, for every line of every experiment.

    * rise: mean loss at -at and at, minus the loss at 0.
    * width: distance between the two points where the loss has risen by ``at``; empty where the
      line does not reach so high on either side.
    * second-difference: of the loss at -at, 0 and at, over at^2.
    * hessian: d^T H d at 0, which it must agree with as at falls to 0; empty for the regenerated
      attack of a network, whose Hessian has the response in it.

    Args:
        landscape: landscape.csv.
        settings: for each experiment radii, level and step.
    """
    planes = landscape["direction"].str.endswith("plane")
    lines = landscape[~planes].groupby(LINE, sort=False, dropna=False)
    rows = [
        {**dict(zip(LINE, key, strict=True)), **values, "n": line["n"].iloc[0]}
        for key, line in lines
        for values in _measure(line.sort_values("alpha"), settings[key[0]])
    ]
    return pd.DataFrame(rows, columns=[*LINE, "quantity", "at", "value", "n"])


def _measure(line: pd.DataFrame, settings: Mapping) -> Iterator[dict[str, Any]]:
    alphas, losses = line["alpha"].to_numpy(), line["loss"].to_numpy()
    for radius in settings["radii"]:
        yield {"quantity": "rise", "at": radius, "value": rise(alphas, losses, radius)}
    level, step = settings["level"], settings["step"]
    yield {"quantity": "width", "at": level, "value": width(alphas, losses, level)}
    bent = 2 * rise(alphas, losses, step) / step**2
    yield {"quantity": "second-difference", "at": step, "value": bent}
    at_0 = line.loc[line["alpha"] == 0, "curvature"]
    yield {"quantity": "hessian", "at": 0.0, "value": at_0.iloc[0]}


def rise(alphas: np.ndarray, losses: np.ndarray, radius: float) -> float:
    """Mean loss at -radius and radius minus the loss at 0, all of them points of the line.

    Raises:
        ValueError: one of them is not.
    """
    ends = [losses[np.isclose(alphas, at, rtol=1e-9, atol=0)] for at in (-radius, radius)]
    if any(len(end) != 1 for end in ends):
        raise ValueError(f"radius: got {radius}; allowed: {alphas[alphas > 0].tolist()}")
    return float(np.mean(ends) - losses[alphas == 0][0])


def width(alphas: np.ndarray, losses: np.ndarray, level: float) -> float:
    """Distance between the first crossings of the loss at 0 plus ``level``, left and right.

    Between points the loss is taken for straight. NaN where a side has no crossing.

    Args:
        alphas: ascending (points,), 0 among them.
        losses: (points,).
        level: above 0.
    """
    middle = int(np.flatnonzero(alphas == 0)[0])
    above = losses - losses[middle] - level
    sides = (slice(middle, None), slice(middle, None, -1))
    return sum(_crossing(np.abs(alphas[side]), above[side]) for side in sides)


def _crossing(distance: np.ndarray, above: np.ndarray) -> float:
    reached = np.flatnonzero(above >= 0)
    if not len(reached):
        return float("nan")
    i = reached[0]
    share = above[i - 1] / (above[i - 1] - above[i])
    return float(distance[i - 1] + share * (distance[i] - distance[i - 1]))
