"""What a network's landscape may go along and measure; it imports nothing, for the config's sake.

A direction's function is called with :class:`advscape.landscape.directions.Place`, the kind's name
and a seed, and gives a :data:`advscape.landscape.directions.Direction`.
"""

from dataclasses import dataclass
from typing import Literal

#: noise along a landscape: none (the clean loss), that of the trained weights, that of every point
Noise = Literal["none", "frozen", "regenerated"]


@dataclass(frozen=True)
class DirectionKind:
    """A kind of lines through weight space.

    Attributes:
        function: ``module:name`` of what makes one.
        lines: one for each of the config's "seeds", for each of the kept "eigenvectors", or "one".
        needs: the file that it is made from, beside the weights.
        of_weights: whether it moves trained weights alone, so that d^T H d is its curvature; lines
            to other checkpoints move running statistics too.
        in_planes: whether two of them may span a plane.
        step: what a step of alpha = 1 is, for figures.
    """

    function: str
    lines: Literal["seeds", "eigenvectors", "one"] = "seeds"
    needs: Literal["best", "eigenvectors"] | None = None
    of_weights: bool = True
    in_planes: bool = True
    step: str = "1 is the direction itself"


def _random(step: str) -> DirectionKind:
    return DirectionKind("advscape.landscape.directions:random_kind", step=step)


#: by name
DIRECTIONS: dict[str, DirectionKind] = {
    "raw": _random("1 moves each weight by a standard normal draw"),
    "gaussian": _random("1 is the length of all weights"),
    "layer-normalised": _random("1 is each layer's length"),
    "filter-normalised": _random("1 is each filter's length"),
    "eigenvector": DirectionKind(
        "advscape.landscape.directions:along_eigenvector",
        "eigenvectors",
        "eigenvectors",
        step="distance between weights",
    ),
    "best-checkpoint": DirectionKind(
        "advscape.landscape.directions:to_checkpoint",
        "one",
        "best",
        False,
        False,
        step="1 is the best epoch's weights",
    ),
    "initial-weights": DirectionKind(
        "advscape.landscape.directions:to_checkpoint",
        "one",
        None,
        False,
        False,
        step="1 is the initial weights",
    ),
}
