"""Flatness read from lines: rise, width, and the quadratic coefficient beside the Hessian's."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from advscape.errors import UserError
from advscape.evaluation.checks import Check, check_rows
from advscape.study.columns import COLUMNS, KEY, SUMMARIES

#: of each experiment: radii, level and step
Settings = Mapping[str, Mapping[str, Any]]
#: columns that tell the samples of one network from another's, and one line from another
RUN = [*KEY, "split", "checkpoint"]
LINE = [*RUN, "direction", "direction_seed", "attack"]


def flatness_table(landscape: pd.DataFrame, settings: Settings) -> pd.DataFrame:
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

    Raises:
        UserError: a line lacks a point that the settings speak of.
    """
    rows = [
        {**key, **values, "n": line["n"].iloc[0]}
        for key, line, of_experiment in _lines(landscape, settings)
        for values in _measure(line, of_experiment)
    ]
    return pd.DataFrame(rows, columns=list(SUMMARIES["flatness"]))


#: largest difference between d^T H d and the second difference, relative to the larger one. Smooth
#: networks of the default study differ by 0.03 at most (a step of 0.02); a Hessian of other weights
#: than those that the line moves, or of another function, by 0.5 and more
AGREEMENT_BOUND = 0.25


def agreement_table(landscape: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Rows of sanity.csv: whether d^T H d is the second difference of the losses beside it.

    One row for each run and split, over its lines with the noise held. Lines of one kind share
    their scale, the largest value among them: where the curvature changes its sign there is one of
    nearly 0. Without a row are networks with kinks, whose second differences count the kinks within
    the step, and lines without d^T H d.

    Args:
        landscape: landscape.csv.
        settings: for each experiment radii, level and step.
    """
    held = landscape[landscape["attack"].isin(["none", "frozen"])]
    pairs = pd.DataFrame(
        [
            {**key, **pair}
            for key, line, of_experiment in _lines(held, settings)
            for pair in _compared(line, of_experiment["step"])
        ],
        columns=[*LINE, "difference", "scale", "rounding", "n"],
    )
    rows = []
    for key, run in pairs.groupby(RUN, sort=False, dropna=False):
        kinds = run.groupby(["direction", "attack"])
        scale = kinds["scale"].transform("max") + run["rounding"]
        # a value that is missing is not a number, and not well
        value = (run["difference"] / scale).max(skipna=False)
        check = Check(
            "hessian against second differences", float(value), AGREEMENT_BOUND, run["n"].iloc[0]
        )
        rows += check_rows([check], dict(zip(RUN, key, strict=True)))
    return pd.DataFrame(rows, columns=[*KEY, *COLUMNS["sanity"]])


def _lines(
    landscape: pd.DataFrame, settings: Settings
) -> Iterator[tuple[dict[str, Any], pd.DataFrame, Mapping[str, Any]]]:
    """Each line's names, its points in their order, and its experiment's settings.

    Raises:
        UserError: a line lacks a point, or its experiment is not known.
    """
    lines = landscape[~_planes(landscape)].groupby(LINE, sort=False, dropna=False)
    for values, line in lines:
        key = dict(zip(LINE, values, strict=True))
        if key["experiment"] not in settings:
            raise UserError(f"landscape.csv: the study has no experiment {key['experiment']}")
        of_experiment = settings[key["experiment"]]
        alphas = line["alpha"].to_numpy()
        ends = [*of_experiment.get("radii", ()), of_experiment["step"]]
        for at in (0.0, *ends, *(-end for end in ends)):
            count = int(_at(alphas, at).sum())
            if count != 1:
                words = ", ".join(f"{name} {value}" for name, value in key.items())
                raise UserError(
                    f"landscape.csv: got {count} points at alpha = {at:g} of one line ({words}); "
                    "allowed: one each"
                )
        yield key, line.sort_values("alpha"), of_experiment


def _at(alphas: np.ndarray, at: float) -> np.ndarray:
    """Which of a line's points lies there."""
    there: np.ndarray = np.isclose(alphas, at, rtol=1e-9, atol=0)
    return there


def _compared(line: pd.DataFrame, step: float) -> Iterator[dict[str, Any]]:
    """A line's two numbers, where it has both: how far apart, how large, and their rounding."""
    centre = line[line["alpha"] == 0].iloc[0]
    if pd.isna(centre["curvature"]) or str(centre.get("kinks")) == "True":
        return
    bent = 2 * rise(line["alpha"].to_numpy(), line["loss"].to_numpy(), step) / step**2
    yield {
        "difference": abs(bent - centre["curvature"]),
        "scale": max(abs(bent), abs(centre["curvature"])),
        # losses in float32, of logits a few units in size
        "rounding": 1e-5 * (1 + abs(centre["loss"])) / step**2,
        "n": centre["n"],
    }


def _planes(landscape: pd.DataFrame) -> pd.Series:
    # a column without any cells is not one of strings
    return landscape["direction"].astype(str).str.endswith("plane")


def _measure(line: pd.DataFrame, settings: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
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
    ends = [losses[_at(alphas, at)] for at in (-radius, radius)]
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
