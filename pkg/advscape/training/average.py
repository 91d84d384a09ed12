"""Averages of the weights that training passes, kept beside them."""

from collections.abc import Callable, Iterable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class Average(Protocol):
    """A running average of a model's parameters, in :attr:`means` once it has begun."""

    means: list[Tensor]

    def step(self, parameters: list[nn.Parameter]) -> None:
        """Take in the weights after a step."""

    def end_epoch(self, parameters: list[nn.Parameter], epoch: int, epochs: int) -> None:
        """Take in the weights after an epoch, counted from 1, of so many."""

    def state(self) -> dict[str, Tensor]:
        """All that the next step depends on."""

    def load(self, state: dict[str, Tensor]) -> None:
        """Take up what :meth:`state` gave."""


class ExponentialAverage:
    """m <- d m + (1 - d) w after every step, beginning at the weights after the first one."""

    def __init__(self, decay: float):
        """Prepare an average; ``decay`` is d."""
        self.decay = decay
        self.means: list[Tensor] = []

    @torch.no_grad()
    def step(self, parameters: list[nn.Parameter]) -> None:
        """Take in the weights after a step."""
        if not self.means:
            self.means = [parameter.detach().clone() for parameter in parameters]
        for mean, parameter in zip(self.means, parameters, strict=True):
            mean.lerp_(parameter, 1 - self.decay)

    def end_epoch(self, parameters: list[nn.Parameter], epoch: int, epochs: int) -> None:
        """Nothing: it goes by steps."""

    def state(self) -> dict[str, Tensor]:
        """The means."""
        return {str(i): mean for i, mean in enumerate(self.means)}

    def load(self, state: dict[str, Tensor]) -> None:
        """Take up what :meth:`state` gave."""
        self.means = [state[str(i)] for i in range(len(state))]


class StochasticAverage:
    """The mean of the weights after each epoch from a share of the run on (SWA: Izmailov et al.
    2018, arXiv 1803.05407).
    """

    def __init__(self, start: float):
        """Prepare an average of the epochs after the first ``start`` of the run, a share of it."""
        self.start = start
        self.means: list[Tensor] = []
        self.taken = 0

    def step(self, parameters: list[nn.Parameter]) -> None:
        """Nothing: it goes by epochs."""

    @torch.no_grad()
    def end_epoch(self, parameters: list[nn.Parameter], epoch: int, epochs: int) -> None:
        """Take in the weights after an epoch."""
        if epoch <= self.start * epochs:
            return
        self.taken += 1
        if not self.means:
            self.means = [parameter.detach().clone() for parameter in parameters]
        for mean, parameter in zip(self.means, parameters, strict=True):
            mean.lerp_(parameter, 1 / self.taken)

    def state(self) -> dict[str, Tensor]:
        """The means, and of how many epochs they are."""
        means = {str(i): mean for i, mean in enumerate(self.means)}
        return means | {"taken": torch.tensor(self.taken)}

    def load(self, state: dict[str, Tensor]) -> None:
        """Take up what :meth:`state` gave."""
        self.taken = int(state["taken"])
        self.means = [state[str(i)] for i in range(len(state) - 1)]


def estimate_statistics(model: nn.Module, batches: Callable[[], Iterable[Tensor]]) -> None:
    """Estimate batch norm's running statistics again, as averaged weights need it.

    They become the means over all batches, weighted by their sizes, of what the batches' own
    statistics are.

    Args:
        model: whose statistics are replaced; its mode is left as it was.
        batches: gives inputs as training gives them; not called where there is no batch norm.
    """
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]
    if not norms:
        return
    momenta, modes = [norm.momentum for norm in norms], [norm.training for norm in norms]
    seen = 0
    for x in batches():
        seen += len(x)
        for norm in norms:
            # the first batch replaces what was there, each further one counts with its share
            norm.momentum = len(x) / seen
            norm.train()
        with torch.no_grad():
            model(x)
    for norm, momentum, mode in zip(norms, momenta, modes, strict=True):
        norm.momentum, norm.training = momentum, mode
