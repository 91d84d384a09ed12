"""The ways on which a network is differentiated twice, in the order in which they are tried."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode

from advscape.curvature.fast_layers import fast_layers


class Path(NamedTuple):
    """What a network's layers are while the graph of its derivatives is built.

    Attributes:
        name: in words, for the log.
        layers: makes the context for a model in eval mode.
    """

    name: str
    layers: Callable[[nn.Module], AbstractContextManager[None]]

    @contextmanager
    def building(self, model: nn.Module) -> Iterator[None]:
        """Within the block graphs of the model can be differentiated twice.

        Attention runs by torch's mathematical formulas and recurrent layers without cuDNN,
        whose fused kernels have no second derivative.
        """
        cudnn = torch.backends.cudnn.enabled
        recurrent = any(isinstance(module, nn.RNNBase) for module in model.modules())
        try:
            torch.backends.cudnn.enabled = cudnn and not recurrent
            with sdpa_kernel(SDPBackend.MATH), self.layers(model):
                yield
        finally:
            torch.backends.cudnn.enabled = cudnn


def _weight_norm(v: Tensor, g: Tensor, dim: int = 0) -> Tensor:
    """Kernels g v / |v|: the second derivative of torch's own function is wrong (torch 2.15)."""
    axes = [axis for axis in range(v.ndim) if axis != dim % v.ndim] if dim != -1 else None
    norms: Tensor = torch.linalg.vector_norm(v, dim=axes, keepdim=dim != -1)
    return v * (g / norms)


def _hardsigmoid(x: Tensor, inplace: bool = False) -> Tensor:
    """Its derivative has none in torch."""
    return (x + 3).clamp(0, 6) / 6


_FORMULAS: dict[Callable[..., Any], Callable[..., Tensor]] = {
    torch._weight_norm: _weight_norm,
    functional.hardsigmoid: _hardsigmoid,
}


class _WrittenOut(TorchFunctionMode):
    """Replaces functions by formulas of which every derivative is torch's."""

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        formula: Callable[..., Any] = _FORMULAS.get(function, function)
        return formula(*args, **(kwargs or {}))


FAST = Path("fast layers", fast_layers)
PLAIN = Path("torch's own layers", lambda model: nullcontext())
WRITTEN_OUT = Path(
    "torch's own layers, with weight norm and hard sigmoid written out",
    lambda model: _WrittenOut(),
)
PATHS = (FAST, PLAIN, WRITTEN_OUT)
