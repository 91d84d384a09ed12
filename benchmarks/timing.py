"""What the benchmarks share: interleaved timings, ratio lines, what the CPU can do."""

import statistics
import time
from collections.abc import Callable

import torch

Result = object


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


def has_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 at all; without, it takes many times as long."""
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def precisions() -> list[str]:
    """The precisions to time."""
    if has_bfloat16():
        return ["fp32", "bf16"]
    print("this CPU has no bfloat16 arithmetic: fp32 alone")
    return ["fp32"]
