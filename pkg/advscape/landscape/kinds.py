"""Names of what a landscape may go along and measure; no imports, so that the config can use it."""

from typing import Literal

#: how a Gaussian draw is scaled
Scaling = Literal["raw", "gaussian", "layer-normalised", "filter-normalised"]
#: what a line goes along
Kind = Literal[
    "raw", "gaussian", "layer-normalised", "filter-normalised",
    "eigenvector", "best-checkpoint", "initial-weights",
]  # fmt: skip
#: what a plane goes along
PlaneKind = Literal["raw", "gaussian", "layer-normalised", "filter-normalised", "eigenvector"]
#: the clean loss, that of noise made at the trained weights, that of noise made at every point
Attack = Literal["none", "frozen", "regenerated"]
