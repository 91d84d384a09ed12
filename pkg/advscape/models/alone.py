"""A copy of a network has to stand alone, without the tensors of the one it was made from."""

from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from advscape.errors import UserError
from advscape.models.untouched import untouched


@torch.no_grad()
def check_alone(network: nn.Module, model: nn.Module, x: Tensor) -> None:
    """Refuse a copy in which a pass still reads a tensor of the network it was made from.

    Python copies no function, so that a lambda or an inner function goes on with the modules that
    it has closed over. What is then done to the copy's weights changes nothing that it computes.

    Args:
        network: the copy.
        model: what it was made from, in eval mode.
        x: (n, ...) inputs.

    Raises:
        UserError: it reads one.
    """
    named = chain(model.named_parameters(), model.named_buffers())
    watch = _Watch({
        tensor.untyped_storage()._cdata: name for name, tensor in named if not is_lazy(tensor)
    })  # fmt: skip
    with untouched(network), watch:
        network(x.clone())
    if watch.found is not None:
        raise UserError(
            f"its copy still uses the {watch.found} of the network that was given: a lambda or an "
            "inner function, such as a hook or a replaced forward, holds it; allowed: methods, and "
            "functions that are given the module"
        )


class _Watch(TorchDispatchMode):
    """Notes the first of some memories that an operator is given."""

    def __init__(self, names: dict[int, str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._names = names
        self.found: str | None = None

    def __torch_dispatch__(
        self, operator: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        for value in tree_leaves((args, kwargs)):
            if self.found is None and type(value) in (Tensor, nn.Parameter):
                self.found = self._names.get(value.untyped_storage()._cdata)
        return operator(*args, **(kwargs or {}))
