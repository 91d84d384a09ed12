"""What is done to a network of the user's own so that every stage can use it as it is."""

import logging
import sys
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.nn.parameter import is_lazy

from advscape.models.check import example
from advscape.models.restored import restored
from advscape.models.untouched import untouched

_LOG = logging.getLogger("advscape.models")


def plain(model: nn.Module, shape: tuple[int, ...]) -> nn.Module:
    """A network as it is written: without wrappers and compiled parts, and with all its weights.

    * Wrappers that spread a batch over devices are taken off: a job has one device.
    * Compiled modules are replaced by what was compiled: a compiled graph has no second
      derivative. Compiled functions run as they are written, in this process.
    * Lazy modules get their weights from a first pass.

    Args:
        model: the network; its parts are replaced in place.
        shape: (channels, height, width) of an input.

    Returns:
        The network; what was compiled or wrapped, where that was the network itself.
    """
    model = _uncompiled(_unwrapped(model))
    if any(map(is_lazy, [*model.parameters(), *model.buffers()])):
        _LOG.info("the network has lazy modules; a first pass makes their weights")
        modes = [(module, module.training) for module in model.modules()]
        with torch.no_grad():
            model.eval()(example(model, shape))
        for module, mode in modes:
            module.training = mode
    return model


def keep_inputs(model: nn.Module, x: Tensor) -> None:
    """Give a network that changes its input in place a copy of it.

    So every stage has the numbers of the same network written out of place.

    Args:
        model: the network; it is changed in place, and left in its mode.
        x: (n, ...) two inputs or more, to see whether they are changed.
    """
    if _changes_inputs(model, x):
        _LOG.info("the network changes its inputs in place; it is given copies of them")
        model.register_forward_pre_hook(_copies, with_kwargs=True)


def _unwrapped(model: nn.Module) -> nn.Module:
    wrappers = (DataParallel, DistributedDataParallel)
    if isinstance(model, wrappers):
        _LOG.info("the network is wrapped in %s, which is taken off", type(model).__name__)
        return _unwrapped(model.module)
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, wrappers):
                setattr(module, name, _unwrapped(child))
    return model


def _uncompiled(model: nn.Module) -> nn.Module:
    if "torch._dynamo" not in sys.modules:  # nobody has compiled anything; importing it costs time
        return model
    from torch._dynamo.eval_frame import OptimizedModule

    torch.compiler.set_stance("force_eager")
    found = 0
    for module in list(model.modules()):
        found += module._compiled_call_impl is not None
        module._compiled_call_impl = None
        for name, child in module.named_children():
            if isinstance(child, OptimizedModule) and not isinstance(module, OptimizedModule):
                setattr(module, name, child._orig_mod)
                found += 1
    if isinstance(model, OptimizedModule):
        model, found = model._orig_mod, found + 1
    if found:
        _LOG.info("the network is compiled; it runs as it is written")
    return model


def _changes_inputs(model: nn.Module, x: Tensor) -> bool:
    """Whether a forward pass in eval or training mode leaves other inputs than it was given."""
    state = [*model.parameters(), *model.buffers()]
    for training in (False, True):
        given = x.clone()
        version = given._version  # also where an operation changes no value of these inputs
        with torch.no_grad(), restored(state), untouched(model):
            if training:
                model.train()
            model(given)
        if given._version != version:
            return True
    return False


def _copies(
    module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    def copied(value: Any) -> Any:
        return value.clone() if isinstance(value, Tensor) else value

    return tuple(map(copied, inputs)), {name: copied(value) for name, value in named.items()}
