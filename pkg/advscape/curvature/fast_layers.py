"""Run a network so that its graph is cheap to differentiate twice; the numbers are the same."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from advscape.curvature.convolution import Geometry, convolution

Forward = Callable[[Tensor], Tensor]


@contextmanager
def fast_layers(model: nn.Module, x: Tensor) -> Iterator[None]:
    """Within the block the model's layers have cheaper second derivatives.

    Convolutions are those of :mod:`advscape.curvature.convolution`. Batch norm in eval mode is
    affine; where all that a convolution's output goes to is one, the convolution's kernel is
    scaled and shifted in its place, and the derivatives by either's parameters go through that
    small product. This changes rounding only. Layers called through ``torch.nn.functional`` stay
    as they are.

    Args:
        model: in eval mode; afterwards, also after an error, as it was.
        x: (n, ...) inputs; the model runs on the first of them to see where outputs go.
    """
    folds = _folds(model, x[:1])
    with ExitStack() as stack:
        for module in model.modules():
            if _plain(module):
                stack.enter_context(_forward(module, _convolution(module, folds.get(module))))
        for norm in folds.values():
            stack.enter_context(_forward(norm, lambda x: x))
        yield


def _plain(module: nn.Module) -> bool:
    return (
        isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d)
        and module.padding_mode == "zeros"
        and not isinstance(module.padding, str)
    )


def _convolution(module: _ConvNd, norm: _BatchNorm | None) -> Forward:
    geometry = Geometry(module.stride, module.padding, module.dilation, module.groups)

    def forward(x: Tensor) -> Tensor:
        weight, bias = module.weight, module.bias
        if norm is not None:
            scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
            weight = weight * scale.view(-1, *[1] * (weight.ndim - 1))
            mean = norm.running_mean if bias is None else norm.running_mean - bias
            bias = norm.bias - mean * scale
        return convolution(x, weight, bias, geometry)

    return forward


@contextmanager
def _forward(module: nn.Module, forward: Forward) -> Iterator[None]:
    before = module.__dict__.get("forward")
    module.forward = forward
    try:
        yield
    finally:
        del module.forward
        if before is not None:
            module.forward = before


def _folds(model: nn.Module, x: Tensor) -> dict[_ConvNd, _BatchNorm]:
    """Convolutions whose output goes to one batch norm and nowhere else."""
    with _Watch(model) as watch, torch.no_grad():
        model(x)
    calls = [module for module, _ in watch.outputs.values()]
    folds = {}
    for norm, source in watch.norms:
        module, _ = watch.outputs.get(id(source), (None, None))
        alone = watch.uses.get(id(source)) == 1 and calls.count(module) == 1
        once = sum(other is norm for other, _ in watch.norms) == 1
        if alone and once and norm.affine and norm.running_var is not None:
            folds[module] = norm
    return folds


class _Watch(TorchFunctionMode):
    """Sees which layer's output is used by what, while a model runs.

    Attributes:
        outputs: each convolution and its output, by the output's id.
        uses: how many of torch's functions took an output and gave a tensor, by the output's id.
        norms: each batch norm and its input. Tensors are held, so that no id means two of them.
    """

    def __init__(self, model: nn.Module):
        super().__init__()
        self.outputs: dict[int, tuple[nn.Module, Tensor]] = {}
        self.uses: dict[int, int] = {}
        self.norms: list[tuple[_BatchNorm, Tensor]] = []
        self._model = model
        self._hooks: list[RemovableHandle] = []

    def __enter__(self) -> "_Watch":
        for module in self._model.modules():
            if _plain(module):
                self._hooks.append(module.register_forward_hook(self._made))
            elif isinstance(module, _BatchNorm):
                self._hooks.append(module.register_forward_pre_hook(self._took))
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        for hook in self._hooks:
            hook.remove()

    def __torch_function__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        found = function(*args, **(kwargs or {}))
        if isinstance(found, Tensor):  # a question about a shape uses nothing
            for value in [*args, *(kwargs or {}).values()]:
                parts = value if isinstance(value, list | tuple) else [value]
                for part in parts:
                    if id(part) in self.outputs:
                        self.uses[id(part)] = self.uses.get(id(part), 0) + 1
        return found

    def _made(self, module: nn.Module, inputs: tuple, output: Tensor) -> None:
        self.outputs[id(output)] = (module, output)

    def _took(self, module: _BatchNorm, inputs: tuple) -> None:
        self.norms.append((module, inputs[0]))
