"""Batches that do not fit into a device's memory are worked through in parts."""

import logging
from collections.abc import Callable
from typing import TypeVar

import torch

from advscape.errors import UserError

_LOG = logging.getLogger("advscape.machine.memory")
T = TypeVar("T")


class MicroBatch:
    """How many samples go through a model at once: halved whenever memory runs out."""

    def __init__(self, size: int):
        """Begin with ``size`` samples."""
        self.size = size

    def run(self, work: Callable[[int], T]) -> T:
        """Do some work, again and with half the samples at once where memory runs out.

        Args:
            work: called with the number of samples that may go through the model at once; what it
                changed before it ran out of memory it must be able to do again.

        Raises:
            UserError: a single sample does not fit.
        """
        while True:
            try:
                return work(self.size)
            except torch.OutOfMemoryError:
                if self.size == 1:
                    raise UserError("out of memory with a single sample at a time") from None
            # outside of the handler, which keeps the failed pass's tensors alive
            self.size = (self.size + 1) // 2
            _LOG.warning("out of memory: going on with %d samples at a time", self.size)
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
