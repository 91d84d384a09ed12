"""Use a model and leave no trace: modes, gradients and statistics stay as they were."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def untouched(
    model: nn.Module, batch_norm: Literal["eval", "train"] = "eval", freeze: bool = True
) -> Iterator[None]:
    """Within the block the model is in eval mode; afterwards, also after an error, as before.

    Args:
        model: the model.
        batch_norm: "train" normalises with the batch's own statistics, as the literature does
            while it attacks during training; the running statistics are not moved.
        freeze: keep gradients from forming for the parameters, so that attacks cost less.
    """
    modes = [(module, module.training) for module in model.modules()]
    wants = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    tracking = []
    try:
        model.eval()
        if batch_norm == "train":
            for module in model.modules():
                if isinstance(module, _BatchNorm) and module.track_running_stats:
                    tracking.append(module)
                    module.track_running_stats = False
                    module.train()
        if freeze:
            model.requires_grad_(False)
        yield
    finally:
        for module in tracking:
            module.track_running_stats = True
        for module, mode in modes:
            module.training = mode
        for parameter, wanted in wants:
            if parameter.requires_grad != wanted:  # lazy ones cannot even be told what they are
                parameter.requires_grad_(wanted)


@contextmanager
def differentiable(model: nn.Module, parameters: Sequence[Tensor]) -> Iterator[None]:
    """:func:`untouched` in eval mode; of the parameters only the given ones want gradients."""
    with untouched(model):
        for parameter in parameters:
            parameter.requires_grad_(True)
        yield
