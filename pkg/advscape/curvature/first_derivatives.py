"""The referee of second derivatives: differences of first ones, by plain autograd in float64."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.overrides import TorchFunctionMode

from advscape.losses import logit_gaps, precise_losses
from advscape.models.untouched import untouched


def call_with(model: nn.Module, tensors: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """The model's outputs with other tensors in the place of its parameters and buffers.

    The model's own tensors stay as they are, so that graphs built on them stay valid.

    Args:
        model: the model.
        tensors: one for each name of ``named_parameters`` and ``named_buffers``; parameters are
            to be ``nn.Parameter``, which a model may rely on.
        x: (n, ...) inputs; where they are float64, so is all that the model asks for.
    """
    named = {id(tensor): name for name, tensor in all_tensors(model).items()}
    # by module, not by name: torch would restore a module that has two names to what it replaced
    everywhere = {
        f"{prefix}.{name}".lstrip("."): tensors[named[id(tensor)]]
        for prefix, module in model.named_modules()
        for name, tensor in chain(module._parameters.items(), module._buffers.items())
        if tensor is not None
    }
    with _in_float64() if x.dtype == torch.float64 else nullcontext():
        outputs: Tensor = functional_call(model, everywhere, (x,), tie_weights=False)
        return outputs


def all_tensors(model: nn.Module) -> dict[str, Tensor]:
    """A model's parameters and buffers by name, each once."""
    return dict(chain(model.named_parameters(), model.named_buffers()))


def names_of(model: nn.Module, parameters: Sequence[Tensor]) -> list[str]:
    """The parameters' names in :func:`all_tensors`, in their order.

    Raises:
        LookupError: one is not the model's.
    """
    names = {id(tensor): name for name, tensor in all_tensors(model).items()}
    if not all(id(p) in names for p in parameters):
        raise LookupError("a parameter of the operator is not one of the network's")
    return [names[id(p)] for p in parameters]


def tensors_in(model: nn.Module, dtype: torch.dtype) -> dict[str, Tensor]:
    """Copies of :func:`all_tensors`, those of numbers in a precision."""
    return {name: cast(tensor, dtype) for name, tensor in all_tensors(model).items()}


def cast(value: Tensor, dtype: torch.dtype) -> Tensor:
    """A copy in a precision; what is no floating-point number as it is. Parameters stay such."""
    copy = value.detach().to(dtype, copy=True) if value.is_floating_point() else value.detach()
    return nn.Parameter(copy, requires_grad=False) if isinstance(value, nn.Parameter) else copy


class Substituted(nn.Module):
    """A model that runs with other tensors, see :func:`call_with`."""

    def __init__(self, model: nn.Module, tensors: Mapping[str, Tensor]):
        """Hold both."""
        super().__init__()
        self.model = model
        self._tensors = dict(tensors)

    def forward(self, x: Tensor) -> Tensor:
        """The model's outputs with those tensors."""
        return call_with(self.model, self._tensors, x)


class FirstDerivatives:
    r"""Derivatives of a summed loss's gradients, in weights w and inputs x, along directions.

    By central differences, (g(w + h v) - g(w - h v)) / 2h: an error of order h^2 and the gradients'
    rounding over h.

    Args:
        model: gives (n, classes) logits; with its own layers, eval mode.
        tensors: all its parameters and buffers by name, in one precision.
        names: of the parameters that gradients are taken in.
        x: (n, ...) inputs.
        y: (n,) labels.
        step: h of the weights' directions, and relative to the length of x for the inputs'.
    """

    def __init__(
        self,
        model: nn.Module,
        tensors: Mapping[str, Tensor],
        names: Sequence[str],
        x: Tensor,
        y: Tensor,
        step: float,
    ):
        """Hold the model and its samples."""
        self._model, self._tensors, self._names = model, dict(tensors), list(names)
        self._x, self._y, self.step = x.detach(), y, step

    def gradients(
        self, moved: Mapping[str, Tensor] | None = None, x: Tensor | None = None
    ) -> tuple[list[Tensor], Tensor]:
        """Gradients in the weights and in the inputs (n, ...), at moved ones where given."""
        tensors = self._tensors | dict(moved or {})
        weights = [nn.Parameter(tensors[name].detach()) for name in self._names]
        tensors |= zip(self._names, weights, strict=True)
        x = (self._x if x is None else x).detach().requires_grad_(True)
        with untouched(self._model):
            loss = precise_losses(call_with(self._model, tensors, x), self._y).sum()
        *over_weights, over_x = torch.autograd.grad(loss, [*weights, x], materialize_grads=True)
        return over_weights, over_x

    def along_weights(self, vector: Sequence[Tensor]) -> tuple[list[Tensor], Tensor]:
        """Derivatives of both gradients along a direction in the weights."""
        one, two = (self.gradients(self._moved(vector, h)) for h in (self.step, -self.step))
        return self._difference(one, two, self.step)

    def along_inputs(self, vector: Tensor) -> tuple[list[Tensor], Tensor]:
        """Derivatives of both gradients along a direction (n, ...) in the inputs."""
        step = self.step * float(self._x.norm() / vector.norm().clamp_min(1e-300))
        one, two = (self.gradients(x=self._x + h * vector) for h in (step, -step))
        return self._difference(one, two, step)

    @torch.no_grad()
    def gaps_along_weights(self, vector: Sequence[Tensor]) -> Tensor:
        """The derivative of the logit gaps (n, classes - 1) along a direction in the weights."""
        ends = []
        with untouched(self._model):
            for h in (self.step, -self.step):
                tensors = self._tensors | self._moved(vector, h)
                ends.append(logit_gaps(call_with(self._model, tensors, self._x), self._y))
        return (ends[0] - ends[1]) / (2 * self.step)

    def _moved(self, vector: Sequence[Tensor], h: float) -> dict[str, Tensor]:
        pairs = zip(self._names, vector, strict=True)
        moved = {name: self._tensors[name].detach() + h * piece for name, piece in pairs}
        return {name: nn.Parameter(value) for name, value in moved.items()}

    @staticmethod
    def _difference(
        one: tuple[list[Tensor], Tensor], two: tuple[list[Tensor], Tensor], step: float
    ) -> tuple[list[Tensor], Tensor]:
        weights = [(a - b) / (2 * step) for a, b in zip(one[0], two[0], strict=True)]
        return weights, (one[1] - two[1]) / (2 * step)


@contextmanager
def _in_float64() -> Iterator[None]:
    """Within the block what a model asks for in float32 it gets in float64."""
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(torch.float64)
        with _NoFloat32():
            yield
    finally:
        torch.set_default_dtype(before)


class _NoFloat32(TorchFunctionMode):
    def __torch_function__(
        self,
        function: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if function is Tensor.float:
            return args[0].double()
        args = tuple(torch.float64 if value is torch.float32 else value for value in args)
        named = {
            name: torch.float64 if value is torch.float32 else value
            for name, value in (kwargs or {}).items()
        }
        return function(*args, **named)
