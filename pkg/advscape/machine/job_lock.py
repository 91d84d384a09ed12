"""One process per job. Killed alone, Snakemake leaves its jobs running, and started again begins
the same ones: they wait for the old ones and take what these made.

On one machine; what a cluster's nodes may do to each other's files is the cluster's to prevent.
"""

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from advscape.machine.locks import attempts, lock, lock_folder

_LOG = logging.getLogger("advscape.stages.job")


@contextmanager
def only_one(
    name: str | Path, key: str, folder: Path | None = None, every_s: float = 0.5
) -> Iterator[bool]:
    """Wait until no other process has the job.

    Args:
        name: a path that is the job's own, as its log.
        key: what the job makes, and from what; of one length for all keys.
        folder: where the lock files are; :func:`advscape.machine.locks.lock_folder` unless given.
        every_s: seconds between two attempts.

    Yields:
        Whether a process that was waited for has done the same to its end.
    """
    digest = hashlib.sha256(os.fsencode(Path(name).absolute())).hexdigest()[:24]
    file = (folder or lock_folder()) / f"job-{digest}"
    waited: list[bool] = []

    def say() -> None:
        _LOG.info("another process makes the same files: left by a Snakemake that was killed?")
        _LOG.info("waiting for its end")
        waited.append(True)

    descriptors = (lock(file) for _ in attempts(every_s, say))
    descriptor = next(found for found in descriptors if found is not None)
    try:
        made = bool(waited) and os.pread(descriptor, len(key), 0) == key.encode()
        if not made:
            os.ftruncate(descriptor, 0)
        yield made
        os.pwrite(descriptor, key.encode(), 0)
    finally:
        os.close(descriptor)
