"""The samples on which a network is tried: a few at random, and those that trouble networks."""

from collections.abc import Mapping

import numpy as np

from advscape.data.split import Subset, choose

#: samples of each kind
_RANDOM = 5


def telling_samples(parts: Mapping[str, Subset], seed: int) -> tuple[Subset, list[str]]:
    """Random samples, and of each split the most nearly constant, the darkest, the brightest one.

    Args:
        parts: the run's splits by name.
        seed: of the draw.

    Returns:
        The samples, and where each comes from, in words. At least two.
    """
    chosen: dict[tuple[str, int], None] = {}
    for name, part in parts.items():
        flat = part.x.reshape(len(part), -1)
        means, spreads = flat.mean(axis=1), flat.std(axis=1)
        odd = (spreads.argmin(), means.argmin(), means.argmax())
        for i in [*choose(len(part), _RANDOM, seed), *odd]:
            chosen[name, int(i)] = None
    x = np.stack([parts[name].x[i] for name, i in chosen])
    y = np.stack([parts[name].y[i] for name, i in chosen])
    return Subset(x, y), [f"sample {i} of the {name} set" for name, i in chosen]
