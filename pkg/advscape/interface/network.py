"""A copy of the user's network, tried and ready to be measured; the user's own is left alone."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from advscape.errors import UserError, in_words, shown
from advscape.interface.answering import uncompiled
from advscape.models.alone import check_alone
from advscape.models.check import check_first_pass, check_logits, check_memory, check_state
from advscape.models.layout import use_fast_layout
from advscape.models.normalise import Normalisation, normalise_inputs
from advscape.models.prepare import keep_inputs, plain
from advscape.models.replica import replica
from advscape.models.untouched import untouched
from advscape.trial import checks

_LOG = logging.getLogger("advscape.interface")
#: samples on which a network is tried
_TRIED = 8


def copied(model: nn.Module, shape: tuple[int, ...]) -> nn.Module:
    """A copy without wrappers and compiled parts.

    Args:
        model: the user's.
        shape: of an input.

    Raises:
        ValueError: there is no such copy, or its parameters are of a kind that is not measured.
    """
    with _refusing(), uncompiled(), _fork():
        check_memory(model)  # a copy's parameters have memory of their own
        network = plain(replica(model), shape)
        check_state(network)
    network.zero_grad(set_to_none=True)
    devices = sorted({str(t.device) for t in [*network.parameters(), *network.buffers()]})
    if len(devices) > 1:
        raise ValueError(f"model: it lies on {' and '.join(devices)}; allowed: one device")
    return network


def made_ready(
    network: nn.Module,
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    normalise: tuple[Sequence[float], Sequence[float]] | None,
    attacked: bool,
) -> None:
    """Let a copy normalise its inputs where that is asked for, and try it on a few samples.

    Args:
        network: the copy, changed in place.
        model: the user's, that it is a copy of.
        x: (n, ...) inputs.
        y: (n,) labels.
        normalise: means and standard deviations of the channels.
        attacked: whether the loss needs a slope in its inputs.

    Raises:
        ValueError: what is measured of it would not be right.
    """
    few = x[:_TRIED] if len(x) > 1 else torch.cat([x, x])
    labels = y[:_TRIED] if len(x) > 1 else torch.cat([y, y])
    normalisation = None if normalise is None else _normalisation(normalise)
    with _refusing(), _fork():
        if normalisation is not None:
            normalise_inputs(network, normalisation, tuple(x.shape[1:]))
            network.to(x.device)
        with untouched(model, freeze=False):  # what uses it in spite of the copy has its modes
            check_first_pass(network, few)
            check_alone(network, model, few)
        keep_inputs(network, few)
        use_fast_layout(network)
        classes = _classes(network, few)
    most = max(classes, 2) - 1  # a single logit has two classes
    if int(y.min()) < 0 or int(y.max()) > most:
        raise ValueError(
            f"y: got labels from {int(y.min())} to {int(y.max())}; allowed: 0 to {most}, for "
            f"{classes} logits"
        )
    with _refusing(), _fork():
        checks.finite(network, few, [f"sample {i}" for i in range(len(few))])
        checks.repeatable(network, few)
        checks.independent(network, few)
        if attacked:
            checks.attackable(network, few, labels)
            if not checks.follows_slope(network, few, labels):
                _LOG.warning(
                    "the gradient in the inputs is not the slope of the loss, as behind a "
                    "straight-through estimator, detach or numpy: the attack follows it, and what "
                    "are called maxima are none of the loss"
                )
        checks.attached(network, few)
        if checks.looks_like_probabilities(network, few):
            _LOG.warning("the outputs look like probabilities, and are taken for logits")


@torch.no_grad()
def _classes(network: nn.Module, x: Tensor) -> int:
    with untouched(network):
        logits = network(x)
    columns = logits.shape[1] if isinstance(logits, Tensor) and logits.ndim > 1 else 1
    return check_logits(logits, x, columns, "eval mode").shape[1]


def _normalisation(given: tuple[Sequence[float], Sequence[float]]) -> Normalisation:
    line = (
        f"normalise: got {shown(given)}; allowed: (means, standard deviations above 0), one each "
        "for every channel"
    )
    try:
        mean, std = (tuple(map(float, values)) for values in given)
    except (TypeError, ValueError) as error:
        raise ValueError(line) from error
    if len(mean) != len(std) or not all(value > 0 for value in std):
        raise ValueError(line)
    return Normalisation(mean, std)


@contextmanager
def _refusing() -> Iterator[None]:
    """Every error, of the user's own code too, in one line.

    Raises:
        ValueError: in the place of any other.
    """
    try:
        yield
    except UserError as error:
        raise ValueError(f"model: {error}") from error
    except Exception as error:
        raise ValueError(f"model: {in_words(error)}") from error


@contextmanager
def _fork() -> Iterator[None]:
    """Torch's draws are afterwards what they were."""
    with torch.random.fork_rng():
        yield
