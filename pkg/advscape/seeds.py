"""Independent random streams from one run's seed.

Every draw has a name, so that adding one does not move another: the initial weights do not change
because the attack draws once more.
"""

import hashlib


def stream(seed: int, name: str) -> int:
    """A 63-bit seed for one named use of a run's seed, the same on every machine.

    >>> stream(0, "weights") != stream(0, "order")
    True
    """
    digest = hashlib.sha256(f"{name}:{seed}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
