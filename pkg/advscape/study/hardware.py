"""What this machine has, as far as the scheduler of jobs needs to know."""

import os
from pathlib import Path


def has_gpu() -> bool:
    """Whether there is an NVIDIA device that may be used; asking torch would cost seconds."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    return any(Path("/dev").glob("nvidia[0-9]*"))
