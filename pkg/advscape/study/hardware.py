"""What this machine has, as far as the scheduler of jobs needs to know."""

from pathlib import Path


def has_gpu() -> bool:
    """Whether there is an NVIDIA device; asking torch would cost seconds at every start."""
    return any(Path("/dev").glob("nvidia[0-9]*"))
