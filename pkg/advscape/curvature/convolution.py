"""A convolution whose second derivatives cost what its first ones cost.

torch's own double backward of a convolution asks for kernels as large as the images, with the
samples as channels; they are slow. The same numbers are an ordinary forward pass and the two
ordinary backward passes with other arguments.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function


class Geometry(NamedTuple):
    """How a kernel is moved over the input, one number for each spatial dimension."""

    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int


def convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    geometry: Geometry,
    value: Tensor | None = None,
) -> Tensor:
    """What torch's conv1d, conv2d and conv3d compute; differentiable as often as they are.

    Args:
        x: (n, channels, ...) input.
        weight: (outputs, channels / groups, ...) kernels.
        bias: (outputs,) or None.
        geometry: stride, zero padding, dilation and groups.
        value: the result, where it is known already; no graph goes through it.
    """
    output: Tensor = _Convolution.apply(x, weight, bias, geometry, value)
    return output


class _Convolution(Function):
    """Forward pass, and the first derivatives as a function of their own."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        geometry: Geometry,
        value: Tensor | None,
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.geometry = geometry
        # a new tensor of the same memory: an input that is returned would stay that input
        return _forward(x, weight, bias, geometry) if value is None else value.detach()

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        over_x, over_weight, with_bias, *_ = ctx.needs_input_grad
        grads = _Backward.apply(slope, x, weight, ctx.geometry, (over_x, over_weight))
        over_bias = slope.sum(dim=[0, *range(2, slope.ndim)]) if with_bias else None
        return *grads, over_bias, None, None


class _Backward(Function):
    """The gradients in input and weight, as a function of slope, input and weight."""

    @staticmethod
    def forward(
        ctx: Any,
        slope: Tensor,
        x: Tensor,
        weight: Tensor,
        geometry: Geometry,
        wanted: tuple[bool, bool],
    ) -> tuple[Tensor | None, Tensor | None]:
        ctx.save_for_backward(slope, x, weight)
        ctx.geometry = geometry
        ctx.set_materialize_grads(False)
        return _backward(slope, x, weight, geometry, wanted)

    @staticmethod
    def backward(ctx: Any, v: Tensor | None, u: Tensor | None) -> tuple[Tensor | None, ...]:
        """``v`` (shape of x) and ``u`` (shape of weight) multiply the two gradients."""
        slope, x, weight = ctx.saved_tensors
        _, over_x, over_weight, *_ = ctx.needs_input_grad
        over_slope = None
        grads: list[Tensor | None] = [None, None]
        if v is not None:
            over_slope = _forward(v, weight, None, ctx.geometry)
            if over_weight:
                grads[1] = _backward(slope, v, weight, ctx.geometry, (False, True))[1]
        if u is not None:
            moved = _forward(x, u, None, ctx.geometry)
            over_slope = moved if over_slope is None else over_slope + moved
            if over_x:
                grads[0] = _backward(slope, x, u, ctx.geometry, (True, False))[0]
        return over_slope, *grads, None, None


def _forward(x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry) -> Tensor:
    stride, padding, dilation, groups = geometry
    nothing = [0] * len(stride)
    output: Tensor = torch.ops.aten.convolution(
        x, weight, bias, stride, padding, dilation, False, nothing, groups
    )
    return output


def _backward(
    slope: Tensor, x: Tensor, weight: Tensor, geometry: Geometry, wanted: tuple[bool, bool]
) -> tuple[Tensor | None, Tensor | None]:
    stride, padding, dilation, groups = geometry
    nothing = [0] * len(stride)
    over_x, over_weight, _ = torch.ops.aten.convolution_backward(
        slope, x, weight, None, stride, padding, dilation, False, nothing, groups, [*wanted, False]
    )
    return over_x, over_weight
