"""Locks between the processes of this machine; the kernel frees them when their process ends."""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path


def lock_folder() -> Path:
    """The user's folder of lock files on this machine."""
    return Path(tempfile.gettempdir()) / f"advscape-{os.getuid()}"


def lock(file: Path, shared: bool = False) -> int | None:
    """Lock a file.

    Args:
        file: the file; it and its folder are made where they are not there.
        shared: with others that share it, or for this process alone.

    Returns:
        The descriptor that holds the lock until it is closed, or None where another process has it.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def attempts(every_s: float, say: Callable[[], None]) -> Iterator[None]:
    """Attempts at something that others may have: the first at once, the others while it waits.

    Args:
        every_s: seconds between two attempts.
        say: called once, when the first one has failed.
    """
    yield
    say()
    while True:
        time.sleep(every_s)
        yield
