"""One GPU job per device: a job locks a file, and the kernel frees it when the process ends.

Snakemake limits how many GPU jobs run at once and hands out no devices.
"""

import fcntl
import logging
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

_LOG = logging.getLogger("advscape.device")
#: descriptors of the locks that this process holds until it ends
_HELD: list[int] = []


def lock_folder() -> Path:
    """The user's folder of lock files on this machine."""
    return Path(tempfile.gettempdir()) / f"advscape-{os.getuid()}"


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
        folder: where the lock files are; :func:`lock_folder` unless given.
        every_s: seconds between two attempts.

    Returns:
        The index of the device in ``devices``.
    """
    folder = folder or lock_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    waiting = False
    while True:
        # a second place on a device only where no device has a first
        for place in range(jobs_per_device):
            for index, device in enumerate(devices):
                if _take(folder / device, place, jobs_per_device > 1):
                    _LOG.info("took GPU %s", device)
                    return index
        if not waiting:
            _LOG.info("all GPUs are taken by other jobs: %s; waiting", ", ".join(devices))
            waiting = True
        time.sleep(every_s)


def _take(device: Path, place: int, shared: bool) -> bool:
    """Lock a device for this process alone, or one of the places of those that share it."""
    whole = _lock(device, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    if whole is None:
        return False
    held = [whole]
    if shared:
        own = _lock(device.with_name(f"{device.name}.{place}"), fcntl.LOCK_EX)
        if own is None:
            os.close(whole)
            return False
        held.append(own)
    _HELD.extend(held)
    return True


def _lock(file: Path, kind: int) -> int | None:
    """Descriptor of a locked file, or None where another process has it."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
