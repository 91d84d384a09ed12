"""Whether a network is smooth in its weights, as seen in what it computes."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from advscape.models.untouched import untouched

#: torch's operators, without dimensions and variants, whose first derivative jumps somewhere
_KINKED = {
    "abs", "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d", "amax", "amin",
    "aminmax", "clamp", "clamp_max", "clamp_min", "fractional_max_pool2d",
    "fractional_max_pool3d", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "kthvalue",
    "leaky_relu", "max", "max_pool1d", "max_pool1d_with_indices", "max_pool2d",
    "max_pool2d_with_indices", "max_pool3d", "max_pool3d_with_indices", "maximum", "median",
    "min", "minimum", "mkldnn_max_pool2d", "_prelu_kernel", "prelu", "relu", "relu6", "rrelu",
    "rrelu_with_noise", "softshrink", "sort", "threshold", "topk",
}  # fmt: skip


class _Watch(TorchDispatchMode):
    """Notes which operators run."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: set[str] = set()

    def __torch_dispatch__(
        self, operator: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        self.names.add(operator.overloadpacket.__name__.removesuffix("_"))
        return operator(*args, **(kwargs or {}))


@torch.no_grad()
def has_kinks(model: nn.Module, x: Tensor) -> bool:
    """Whether something with kinks, such as ReLU or max pooling, runs in eval mode.

    Across a kink a second difference over a finite step counts the jump of the slope, which the
    Hessian at a point does not know. Functions that only guard a value, as ``clamp_min`` in a norm,
    count too.

    Args:
        model: left as it was.
        x: (n, ...) inputs.
    """
    watch = _Watch()
    with untouched(model), watch:
        model(x)
    return not watch.names.isdisjoint(_KINKED)
