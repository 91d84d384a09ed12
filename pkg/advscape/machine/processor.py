"""The processor of this machine: what outputs record of it, and what it does quickly."""

import os
import platform
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
#: x86 flags of bfloat16 arithmetic: in matrix units (AMX), and in vectors (AVX-512)
_BFLOAT16 = ("amx_bf16", "avx512_bf16")


def processor_name(cpuinfo: Path = _CPUINFO) -> str:
    """What the processor's maker calls it, or its architecture where the system does not say.

    Args:
        cpuinfo: Linux's list of processors.
    """
    return _entry("model name", cpuinfo) or platform.processor() or platform.machine()


def bfloat16_flags(cpuinfo: Path = _CPUINFO) -> list[str] | None:
    """The bfloat16 arithmetic that an x86 processor has: ``amx_bf16``, ``avx512_bf16``.

    With either of them training in bfloat16 is faster than in float32, without it is slower.

    Args:
        cpuinfo: Linux's list of processors.

    Returns:
        The flags that it has; None where the system names no x86 flags, so that nothing is known.
    """
    flags = _entry("flags", cpuinfo)
    return [flag for flag in _BFLOAT16 if flag in flags.split()] if flags else None


def _entry(name: str, cpuinfo: Path) -> str:
    """An entry of the first processor; empty where there is none."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found = (line.partition(":") for line in lines)
    return next((value.strip() for key, _, value in found if key.strip() == name), "")


def processor_cores() -> int:
    """How many cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
