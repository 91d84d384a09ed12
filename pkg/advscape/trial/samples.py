"""The samples on which a network is tried: a few at random, and those that trouble networks."""

from collections.abc import Mapping

import numpy as np

from advscape.data.encoded import EncodedImages
from advscape.data.split import Subset, choose

#: samples of each kind
_RANDOM = 5
#: image files of a split that are looked at
_FILES = 64


def telling_samples(parts: Mapping[str, Subset], seed: int) -> tuple[Subset, list[str]]:
    """Random samples, and of each split the most nearly constant, the darkest, the brightest one.

    Of image files only a part is looked at.

    Args:
        parts: the run's splits by name.
        seed: of the draw.

    Returns:
        The samples, and where each comes from, in words. At least two.
    """
    chosen: dict[tuple[str, int], np.ndarray] = {}
    for name, part in parts.items():
        # files would all have to be decoded
        files = isinstance(part.x, EncodedImages)
        places = choose(len(part), _FILES if files else len(part), seed)
        x = part.subset(_FILES, seed).pixels() if files else part.pixels()
        flat = x.reshape(len(x), -1)
        means, spreads = flat.mean(axis=1), flat.std(axis=1)
        odd = (spreads.argmin(), means.argmin(), means.argmax())
        for i in [*choose(len(x), _RANDOM, seed), *odd]:
            chosen[name, int(places[i])] = x[i]
    x = np.stack(list(chosen.values()))
    y = np.stack([parts[name].y[i] for name, i in chosen])
    return Subset(x, y), [f"sample {i} of the {name} set" for name, i in chosen]
