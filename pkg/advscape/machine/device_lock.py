"""One GPU job per device: a job locks a file, and the kernel frees it when the process ends.

Snakemake limits how many GPU jobs run at once and hands out no devices.
"""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from advscape.machine.locks import attempts, lock, lock_folder

_LOG = logging.getLogger("advscape.machine.device")
#: descriptors of the locks that this process holds until it ends
_HELD: list[int] = []


def take_device(
    devices: Sequence[str],
    jobs_per_device: int = 1,
    folder: Path | None = None,
    every_s: float = 1.0,
) -> int:
    """Take a device, free ones first, and keep it until the process ends; wait while there is none.

    A job that shares its device does so only with jobs that share theirs.

    Args:
        devices: names of the devices that the job may use, the same in all processes.
        jobs_per_device: how many jobs may be on the device, this one included.
        folder: where the lock files are; :func:`advscape.machine.locks.lock_folder` unless given.
        every_s: seconds between two attempts.

    Returns:
        The index of the device in ``devices``.

    Raises:
        AssertionError: never: attempts do not end.
    """
    folder = folder or lock_folder()

    def say() -> None:
        _LOG.info("all GPUs are taken by other jobs: %s; waiting", ", ".join(devices))

    for _ in attempts(every_s, say):
        # a second place on a device only where no device has a first
        for place in range(jobs_per_device):
            for index, device in enumerate(devices):
                if _take(folder / device, place, jobs_per_device > 1):
                    _LOG.info("took GPU %s", device)
                    return index
    raise AssertionError("attempts do not end")


def _take(device: Path, place: int, shared: bool) -> bool:
    """Lock a device for this process alone, or one of the places of those that share it."""
    whole = lock(device, shared)
    if whole is None:
        return False
    held = [whole]
    if shared:
        own = lock(device.with_name(f"{device.name}.{place}"))
        if own is None:
            os.close(whole)
            return False
        held.append(own)
    _HELD.extend(held)
    return True
