"""The processor of this machine: what outputs record of it, and what it does quickly."""

import os
import platform
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
#: x86 flags of bfloat16 arithmetic: Intel's matrix units (AMX), and vectors alone
_BFLOAT16 = ("amx_bf16", "avx512_bf16")


def processor_name(cpuinfo: Path = _CPUINFO) -> str:
    """What the processor's maker calls it, or its architecture where the system does not say.

    Args:
        cpuinfo: Linux's list of processors.
    """
    return _entry("model name", cpuinfo) or platform.processor() or platform.machine()


def bfloat16_flags(cpuinfo: Path = _CPUINFO) -> list[str] | None:
    """The bfloat16 arithmetic that an x86 processor has: ``amx_bf16``, ``avx512_bf16``.

    Products of bfloat16 are faster than those of float32 with ``amx_bf16``, the matrix units.

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
