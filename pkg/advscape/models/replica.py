"""A copy of a network in memory, also of one that keeps what a pass has computed."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer
from torch.overrides import TorchFunctionMode


def replica(model: nn.Module) -> nn.Module:
    """A deep copy, in which tensors that a pass has computed are constants.

    torch copies no such tensor, and modules hold some: features that a hook has kept, and the
    weights of weight norm and spectral norm by hooks, which every pass computes again.
    """
    with _Constants():
        return copy.deepcopy(model)


class _Constants(TorchFunctionMode):
    """Detaches what is copied and is no leaf."""

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if function is Tensor.__deepcopy__:
            value = args[0]
            if isinstance(value, UninitializedBuffer):  # torch copies lazy parameters alone
                kind: Any = UninitializedBuffer
                return kind(device=value.data.device, dtype=value.data.dtype)
            value = _unwrapped(value)
            args = (value if value.is_leaf else value.detach(), *args[1:])
        return function(*args, **(kwargs or {}))


def _unwrapped(value: Tensor) -> Tensor:
    """What a tensor is that a function of ``torch.func`` has left behind."""
    while torch._C._functorch.is_functorch_wrapped_tensor(value):
        value = torch._C._functorch.get_unwrapped(value)
    return value
