"""The facts of this machine that stand beside times."""

import os
import platform
import re
import time
from importlib.metadata import version

import torch

from advscape.machine.processor import bfloat16_flags, processor_cores, processor_name


def facts(threads: int, commit: str) -> dict[str, str]:
    """Words by name, in the order of the table.

    Args:
        threads: of torch, OpenMP and BLAS.
        commit: what was measured.
    """
    flags = bfloat16_flags()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "processor": processor_name(),
        "cores, threads used": f"{processor_cores()}, {threads}",
        "matrix units (AMX)": "not known" if flags is None else yes("amx_bf16" in flags),
        "bfloat16 in vectors": "not known" if flags is None else yes("avx512_bf16" in flags),
        "instructions torch uses": torch.backends.cpu.get_cpu_capability(),
        "memory": f"{memory:.0f} GiB",
        "GPU, not used": gpu or "none",
        "torch, Python": f"{version('torch')}, {platform.python_version()}",
        "measured": f"{time.strftime('%Y-%m-%d', time.gmtime())}, commit {commit}",
    }


def yes(there: bool) -> str:
    """In a word."""
    return "yes" if there else "no"


def name() -> str:
    """What the machine's file is called unless a name is given: its processor and cores."""
    words = f"{processor_name()} {processor_cores()} cores"
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
