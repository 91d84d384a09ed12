"""Sharpness against weight decay and stopping time: what an optimum means for separable data."""

import numpy as np
import pandas as pd

from advscape.figures.axis import Horizontal, placed
from advscape.figures.panels import Panel, picture
from advscape.figures.style import Drawn, apply

KEY = ["experiment", "noise", "epsilon", "seed"]


def regimes_figure(curvature: pd.DataFrame, runs: pd.DataFrame) -> Drawn:
    """All linear experiments of a study that differ in weight decay or in gradient steps.

    Args:
        curvature: curvature.csv.
        runs: runs.csv.
    """
    apply()
    chosen = curvature[
        (curvature["split"] == "train")
        & (curvature["loss"] == "adversarial")
        & (curvature["hessian"] == "total")
        & (curvature["noise"] == "aligned")
    ]
    columns = ["weight_decay", "gradient_steps", "hard_margin", "collapse_radius"]
    rows = chosen.merge(runs[KEY + columns].dropna(subset="weight_decay"), on=KEY)
    # what a run was trained with is on the horizontal axis
    named, axis = placed(rows[["epsilon"]])
    rows = axis.named(rows.assign(at=named["at"], y=rows["lambda_max"]))
    solved = rows[rows["gradient_steps"].isna()]
    stopped = rows[rows["gradient_steps"].notna()]
    words = r"$\lambda_{\max}$, total Hessian"
    panels = [
        Panel(
            "solved to the minimum", words, solved.assign(x=solved["weight_decay"]),
            Horizontal(r"weight decay $\lambda$", logarithmic=True, inverted=True), (axis.key(),),
            "curvature",
        ),
        Panel(
            "stopped, without weight decay", words, stopped.assign(x=stopped["gradient_steps"]),
            Horizontal("gradient steps", logarithmic=True), (axis.key(),), "curvature",
        ),
    ]  # fmt: skip
    margin = np.mean(rows["hard_margin"])
    title = (
        f"Below the hard margin (epsilon at most {margin:.2f}) sharpness is decided by weight "
        "decay or stopping time"
    )
    return picture(panels, title=title, shared=("curvature",))
