"""After which epochs weights are kept; without torch, since a study's plan asks too."""

from collections.abc import Sequence


def snapshot_epochs(every: int | None, epochs: Sequence[int] | None, run: int) -> list[int]:
    """The epochs, ascending, counted from 1.

    Args:
        every: every so many, or None.
        epochs: these instead.
        run: epochs of the whole run.

    >>> snapshot_epochs(5, None, 12), snapshot_epochs(None, [3, 1], 12)
    ([5, 10], [1, 3])
    """
    return sorted(epochs) if epochs else list(range(every or 1, run + 1, every or 1))
