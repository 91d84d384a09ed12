"""How an epoch is cut into batches; batch norm in training cannot take a sample alone."""

import logging
import math

import torch
from torch import Tensor, nn

from advscape.errors import UserError
from advscape.models.restored import restored

_LOG = logging.getLogger("advscape.training")


def count_batches(model: nn.Module, x: Tensor, batch_size: int) -> int:
    """Batches of an epoch: each of ``batch_size`` samples, the last one of what is left.

    Where a single sample would be left, and the network cannot take one in training mode, it joins
    the batch before it.

    Args:
        model: on the device of ``x``; left as it was.
        x: (n, ...) training inputs.
        batch_size: samples per batch.

    Raises:
        UserError: every batch would be of one sample, and the network cannot take one.
    """
    n = len(x)
    whole, left = divmod(n, batch_size)
    if (left != 1 and batch_size > 1) or _takes_one(model, x):
        return math.ceil(n / batch_size)
    if n == 1:
        raise UserError("dataset: one training sample, but this network's batch norm needs two")
    if batch_size == 1:
        raise UserError(
            "training.batch_size: got 1; allowed: 2 or more, since this network's batch norm "
            "cannot take a sample alone"
        )
    _LOG.info(
        "%d samples in batches of %d leave one, which joins the batch before it: batch norm "
        "cannot take a sample alone", n, batch_size,
    )  # fmt: skip
    return whole


@torch.no_grad()
def _takes_one(model: nn.Module, x: Tensor) -> bool:
    """Whether one sample goes through in training mode, or fails for another reason than norms."""
    modes = [(module, module.training) for module in model.modules()]
    devices = [x.device] if x.device.type == "cuda" else []
    with torch.random.fork_rng(devices), restored(list(model.buffers())):
        try:
            model.train()
            return _finite(model(x[:1])) or not _finite(model(x[:2]))
        except ValueError as error:
            return "more than 1 value per channel" not in str(error)
        finally:
            for module, mode in modes:
                module.training = mode


def _finite(outputs: object) -> bool:
    return not isinstance(outputs, Tensor) or bool(outputs.isfinite().all())
