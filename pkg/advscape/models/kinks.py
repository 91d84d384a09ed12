"""Whether a network is smooth or piecewise linear in its weights, and in which precision it works,
as seen in what it computes.
"""

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
#: those that compare numbers or round them, as where(x > 0, x, 0) does, which writes ReLU out
_SWITCHES = {
    "ceil", "cummax", "cummin", "floor", "fmax", "fmin", "fmod", "frac", "ge", "gt", "heaviside",
    "le", "lt", "remainder", "round", "sgn", "sign", "trunc",
}  # fmt: skip
#: those that bend in some places, and in others are so straight that derivatives are exactly 0
_BENT = {
    "_log_softmax", "_safe_softmax", "_scaled_dot_product_attention_math",
    "_scaled_dot_product_efficient_attention", "_scaled_dot_product_flash_attention",
    "_scaled_dot_product_flash_attention_for_cpu", "_softmax", "celu", "elu", "erf", "erfc", "exp",
    "exp2", "expm1", "gelu", "hardswish", "huber_loss", "log_sigmoid_forward", "logaddexp",
    "logaddexp2", "logsumexp", "mish", "sigmoid", "silu", "smooth_l1_loss", "softplus", "tanh",
}  # fmt: skip
_FULL, _HALF = (torch.float32, torch.float64), (torch.float16, torch.bfloat16)


class _Watch(TorchDispatchMode):
    """Notes which operators run, whether one has kinks, and whether numbers are rounded."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: set[str] = set()
        self.kinked = False
        self.rounded: torch.dtype | None = None

    def __torch_dispatch__(
        self, operator: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        name = operator.overloadpacket.__name__.removesuffix("_")
        self.names.add(name)
        result = operator(*args, **(kwargs or {}))
        self.kinked |= name in _KINKED or (name in _SWITCHES and args[0].is_floating_point())
        self.kinked |= name == "elu" and _elu_has_kink(*args[1:])
        if name == "_to_copy" and args[0].dtype in _FULL and result.dtype in _HALF:
            self.rounded = result.dtype
        return result


def _elu_has_kink(alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> bool:
    """Slopes at 0 are the scale from the right, and alpha times as large from the left: SELU's."""
    return alpha * input_scale != 1


def has_kinks(model: nn.Module, x: Tensor) -> bool:
    """Whether something with kinks, such as ReLU or max pooling, runs in eval mode.

    Across a kink a second difference over a finite step counts the jump of the slope, which the
    Hessian at a point does not know. Functions that only guard a value, as ``clamp_min`` in a norm,
    count too, and comparisons of numbers for whatever they are made.

    Args:
        model: left as it was.
        x: (n, ...) inputs.
    """
    return _watched(model, x).kinked


def bends_in_places(model: nn.Module, x: Tensor) -> bool:
    """Whether something runs in eval mode that is straight for some inputs and bent for others.

    Softplus is such a function: where second derivatives are 0 on a few samples, they need not be
    on others. Arguments as of :func:`has_kinks`.
    """
    return not _watched(model, x).names.isdisjoint(_BENT)


def rounds_to(model: nn.Module, x: Tensor) -> torch.dtype | None:
    """The half precision to which it rounds numbers in eval mode, as under autocast; None without.

    Arguments as of :func:`has_kinks`.
    """
    return _watched(model, x).rounded


@torch.no_grad()
def _watched(model: nn.Module, x: Tensor) -> _Watch:
    watch = _Watch()
    with untouched(model), watch:
        model(x)
    return watch
