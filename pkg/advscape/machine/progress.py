"""Progress of long work: a bar on a terminal, plain lines in a log."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

_LOG = logging.getLogger("advscape.machine.progress")
T = TypeVar("T")


def track(items: Iterable[T], total: int, what: str, every_s: float = 10.0) -> Iterator[T]:
    """Pass items on, showing how far the work is.

    Args:
        items: what is worked through.
        total: how many there are.
        what: a few words for the bar and the log lines.
        every_s: at most one log line in so many seconds, and one at the end.
    """
    started = said = time.monotonic()
    bar = tqdm(items, total=total, desc=what, disable=not sys.stderr.isatty(), leave=False)
    for done, item in enumerate(bar, 1):
        yield item
        now = time.monotonic()
        if done == total or now - said >= every_s:
            said = now
            _LOG.info("%s: %d of %d, %.1f s", what, done, total, now - started)
