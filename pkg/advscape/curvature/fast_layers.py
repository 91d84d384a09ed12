"""Run a network so that its graph is cheap to differentiate twice; the numbers are the same."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from advscape.curvature.convolution import Geometry, convolution

Forward = Callable[[Tensor], Tensor]

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
#: what makes a layer's output another than torch's: methods, and hooks by the name of their dict
_METHODS = ("forward", "_conv_forward", "_check_input_dim")
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
#: a convolution's output carries here what it was made from
_SOURCE = "_advscape_source"


@contextmanager
def fast_layers(model: nn.Module) -> Iterator[None]:
    """Within the block the model's layers have cheaper second derivatives.

    Convolutions are those of :mod:`advscape.curvature.convolution`. Batch norm in eval mode is
    affine: where its input is a convolution's output, untouched, its own output is that of the
    convolution with kernels scaled and shifted, and is differentiated as such. That holds whatever
    else the convolution's output goes to, since that output has a graph of its own. Elsewhere, and
    where there are more kernels than outputs to scale, it is the outputs that are scaled.

    Only layers that are exactly torch's are replaced: of that very type, with no method or hook of
    their own, with no parametrisation (which changes the type), on batches. Layers called through
    ``torch.nn.functional`` stay as they are.

    Args:
        model: in eval mode; afterwards, also after an error, as it was.
    """
    with ExitStack() as stack:
        for module in model.modules():
            if not _is_torchs(module, (*_CONVOLUTIONS, *_NORMS)):
                continue
            forward = None
            if isinstance(module, _ConvNd):
                forward = _convolution(module)
            elif isinstance(module, _BatchNorm):
                forward = _norm(module)
            if forward is not None:
                stack.enter_context(_replaced(module, forward))
        yield


def _is_torchs(module: nn.Module, kinds: tuple[type[nn.Module], ...]) -> bool:
    kind = type(module)
    if kind not in kinds or any(name in vars(module) for name in _METHODS):
        return False
    methods = [getattr(kind, name) for name in _METHODS if hasattr(kind, name)]
    # a method put on torch's class says another module
    own = all(
        str(getattr(method, "__module__", "")).startswith("torch.nn.modules.") for method in methods
    )
    return own and not any(getattr(module, name) for name in _HOOKS)


class _Source(NamedTuple):
    """What a convolution's output was made from, and the versions of the tensors then."""

    x: Tensor
    weight: Tensor
    bias: Tensor | None
    geometry: Geometry
    versions: tuple[int, ...]

    def of(self, output: Tensor) -> bool:
        """Whether nothing has been changed in place since."""
        return self.versions == _versions(self.x, self.weight, self.bias, output)


def _versions(*tensors: Tensor | None) -> tuple[int, ...]:
    return tuple(tensor._version for tensor in tensors if tensor is not None)


def _convolution(module: _ConvNd) -> Forward | None:
    """The cheaper forward pass of a convolution, where its padding is plain."""
    if module.padding_mode != "zeros" or isinstance(module.padding, str):
        return None
    geometry = Geometry(module.stride, module.padding, module.dilation, module.groups)

    def forward(input: Tensor) -> Tensor:  # the name that callers may use
        weight, bias = module.weight, module.bias
        if input.ndim != weight.ndim:  # a sample without a batch axis
            whole: Tensor = type(module).forward(module, input)
            return whole
        output = convolution(input, weight, bias, geometry)
        versions = _versions(input, weight, bias, output)
        setattr(output, _SOURCE, _Source(input, weight, bias, geometry, versions))
        return output

    return forward


def _norm(module: _BatchNorm) -> Forward | None:
    """The cheaper forward pass of batch norm in eval mode, where it is affine."""
    if module.training or not module.affine or module.running_var is None:
        return None

    def forward(input: Tensor) -> Tensor:  # the name that callers may use
        source: _Source | None = getattr(input, _SOURCE, None)
        mean, variance = module.running_mean, module.running_var
        if mean is None or variance is None:
            output: Tensor = type(module).forward(module, input)
            return output
        scale = module.weight * torch.rsqrt(variance + module.eps)
        if source is None or not source.of(input) or source.weight.numel() > input.numel():
            across = (-1, *[1] * (input.ndim - 2))
            return input * scale.view(across) + (module.bias - mean * scale).view(across)
        weight = source.weight * scale.view(-1, *[1] * (source.weight.ndim - 1))
        with torch.no_grad():
            value = functional.batch_norm(
                input, mean, variance, module.weight, module.bias,
                eps=module.eps,
            )  # fmt: skip
        shift = mean if source.bias is None else mean - source.bias
        return convolution(source.x, weight, module.bias - shift * scale, source.geometry, value)

    return forward


@contextmanager
def _replaced(module: nn.Module, forward: Forward) -> Iterator[None]:
    module.forward = forward
    try:
        yield
    finally:
        del module.forward
