"""From a function that makes a network to a network that every stage can use."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from advscape.errors import UserError
from advscape.models.check import check_first_pass, check_model, check_state, example
from advscape.models.normalise import Normalisation, normalise_inputs
from advscape.models.prepare import keep_inputs, plain

_LOG = logging.getLogger("advscape.models")


def build_model(
    make: Callable[[], nn.Module],
    name: str,
    classes: int,
    shape: tuple[int, ...],
    seed: int,
    normalisation: Normalisation | None = None,
) -> nn.Module:
    """Make a network with weights drawn from the seed, and see that a batch goes through.

    What is returned is ready for every stage, see :mod:`advscape.models.prepare`.

    Args:
        make: makes the network; its initial weights come from torch's global random state.
        name: what error messages call it.
        classes: number of logits.
        shape: (channels, height, width) of an input.
        seed: of the initial weights; the global random state is left as it was.
        normalisation: of the inputs, which becomes a part of the network.

    Raises:
        UserError: the network cannot be made, or does not map a batch to finite logits.
    """
    with torch.random.fork_rng(devices=[]), naming(name):
        torch.manual_seed(seed)
        model = plain(make(), shape)
        check_state(model)
        if normalisation is not None:
            normalise_inputs(model, normalisation, shape)
        check_first_pass(model, example(model, shape))
        keep_inputs(model, example(model, shape))
        check_model(model, classes, shape)
    return model


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Within the block every error becomes one line that begins with the model's name.

    Args:
        name: of the model.

    Raises:
        UserError: in the place of any other error; the job's log has its traceback.
    """
    try:
        yield
    except UserError as error:
        raise UserError(f"model {name}: {error}") from error
    except Exception as error:
        # the line is for the terminal, where it went wrong is for the log
        _LOG.exception("model %s", name)
        text = " ".join(str(error).split())
        raise UserError(f"model {name}: {type(error).__name__}: {text}") from error
