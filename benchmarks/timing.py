"""What the benchmarks share: interleaved timings and ratio lines."""

import statistics
import time
from collections.abc import Callable

Result = object
#: of ours; bfloat16 also where the CPU has none, so that the tables say what it costs there
PRECISIONS = ("fp32", "bf16")


def interleaved(
    sides: dict[str, Callable[[], Result]], repeats: int
) -> tuple[dict[str, list[float]], dict[str, Result]]:
    """Time all sides in turn, so that what else the machine does falls on all of them.

    Args:
        sides: what to call, by name; each is warm already.
        repeats: how often each is called.

    Returns:
        The seconds of every call and the last call's result, by name.
    """
    seconds = {name: [] for name in sides}
    results = {}
    for _ in range(repeats):
        for name, call in sides.items():
            started = time.perf_counter()
            results[name] = call()
            seconds[name].append(time.perf_counter() - started)
    return seconds, results


def ratios(peer: list[float], mine: list[float]) -> list[float]:
    """How many times faster each call was than the peer's call of the same turn."""
    return [theirs / ours for theirs, ours in zip(peer, mine, strict=True)]


def spread(values: list[float], digits: int = 2) -> str:
    """Median and range, as ``2.61 (2.34-2.91)``."""
    parts = statistics.median(values), min(values), max(values)
    return "{} ({}-{})".format(*(f"{part:.{digits}f}" for part in parts))
