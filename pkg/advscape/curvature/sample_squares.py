"""Squared gradients of single samples, tensor by tensor: one by one, or layer by layer at once."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vjp, vmap
from torch.nn import functional

from advscape.losses import logit_gaps

#: sums (samples,) of squared entries of a tensor's gradient, from the gradient of a layer's output
_Square = Callable[[Tensor], Tensor]


class NotLayered(Exception):
    """A tensor's gradient is not that of one layer, used once."""


def one_by_one(
    model: nn.Module, parameters: Sequence[Tensor], x: Tensor, y: Tensor, rows: Tensor
) -> Tensor:
    r"""Squared gradients of each sample's r . (gaps of the logits), summed over some vectors r.

    Of any network whose operators torch knows how to take for single samples.

    Args:
        model: gives (n, classes) logits; in eval mode, and no parameter wants gradients.
        parameters: the tensors.
        x: (n, ...) inputs.
        y: (n,) labels.
        rows: (vectors, n, classes - 1).

    Returns:
        (n, tensors).

    Raises:
        RuntimeError: torch cannot take the gradients of single samples on this network.
    """
    held = {id(tensor) for tensor in parameters}
    # copies: a forward that writes into .data would write into the model's own, behind its graphs
    weights = {name: p.detach().clone() for name, p in model.named_parameters() if id(p) in held}

    def of_sample(one: Tensor, label: Tensor, vectors: Tensor) -> Tensor:
        def gaps(weights: dict[str, Tensor]) -> Tensor:
            return logit_gaps(functional_call(model, weights, (one[None],)), label[None])[0]

        back = vjp(gaps, weights)[1]
        found = [torch.stack([g.square().sum() for g in back(r)[0].values()]) for r in vectors]
        return torch.stack(found).sum(dim=0)

    squares: Tensor = vmap(of_sample)(x, y, rows.transpose(0, 1))
    return squares


def by_layers(
    model: nn.Module, parameters: Sequence[Tensor], x: Tensor, y: Tensor, rows: Tensor
) -> Tensor:
    r"""The same of convolutions, linear layers and batch norm, at the price of backward passes.

    With u the patches that a layer sees (K, places) and g the gradient at its output (channels,
    places), the weights' gradient is g u^T, and its squared size is the sum of the products of
    g^T g and u^T u: where there are fewer places than K no gradient is formed.

    Args:
        model: as above. Samples must not see each other.
        parameters: as above.
        x: as above.
        y: as above.
        rows: as above.

    Returns:
        (n, tensors) float64.

    Raises:
        NotLayered: a tensor is not that of one such layer, which is used once.
    """
    taps: dict[nn.Module, list[tuple[Tensor, Tensor]]] = {}

    def tap(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        output = output if output.requires_grad else output.detach().requires_grad_()
        taps.setdefault(module, []).append((inputs[0].detach(), output))
        return output.clone()  # which may be changed in place

    with ExitStack() as hooks:
        for module in model.modules():
            if type(module) in _LAYERS:
                hooks.callback(module.register_forward_hook(tap).remove)
        gaps = logit_gaps(model(x), y)
    calls = [(module, *call) for module, of_module in taps.items() for call in of_module]
    squares: dict[Tensor, list[tuple[int, _Square]]] = {tensor: [] for tensor in parameters}
    for place, (module, seen, _) in enumerate(calls):
        for tensor, square in _LAYERS[type(module)](module, seen).items():
            squares.setdefault(tensor, []).append((place, square))
    if any(len(squares[tensor]) != 1 for tensor in parameters):
        raise NotLayered
    outputs = [output for _, _, output in calls]
    total = torch.zeros(len(y), len(parameters), dtype=torch.float64, device=x.device)
    for row in rows:
        gradients = torch.autograd.grad(
            gaps, outputs, row, retain_graph=True, materialize_grads=True
        )
        for column, tensor in enumerate(parameters):
            ((place, square),) = squares[tensor]
            total[:, column] += square(gradients[place])
    return total


def _convolution(layer: Any, seen: Tensor) -> dict[Tensor, _Square]:
    plain = layer.groups == 1 and layer.padding_mode == "zeros" and seen.ndim == 4
    if not plain or isinstance(layer.padding, str):
        return {}
    patches = functional.unfold(
        seen, layer.kernel_size, layer.dilation, layer.padding, layer.stride
    )
    return _product(layer, patches, lambda g: g.flatten(2))


def _linear(layer: Any, seen: Tensor) -> dict[Tensor, _Square]:
    def places(values: Tensor) -> Tensor:
        return values.reshape(len(values), -1, values.shape[-1]).transpose(1, 2)

    return _product(layer, places(seen), places)


def _product(layer: Any, u: Tensor, places: Callable[[Tensor], Tensor]) -> dict[Tensor, _Square]:
    """Of a layer that multiplies (n, K, places) by its weights."""
    few = u.shape[2] < u.shape[1]
    known = u.transpose(1, 2) @ u if few else u.transpose(1, 2)

    def weight(gradient: Tensor) -> Tensor:
        g = places(gradient)
        if few:
            return ((g.transpose(1, 2) @ g) * known).sum(dim=(1, 2))
        return (g @ known).square().sum(dim=(1, 2))

    def bias(gradient: Tensor) -> Tensor:
        return places(gradient).sum(dim=2).square().sum(dim=1)

    return {layer.weight: weight} | ({} if layer.bias is None else {layer.bias: bias})


def _batch_norm(layer: Any, seen: Tensor) -> dict[Tensor, _Square]:
    if layer.running_mean is None or layer.weight is None:
        return {}

    def places(values: Tensor) -> Tensor:
        return values.reshape(*values.shape[:2], -1)

    mean, scale = layer.running_mean[:, None], (layer.running_var + layer.eps).rsqrt()[:, None]
    normal = (places(seen) - mean) * scale
    return {
        layer.weight: lambda g: (places(g) * normal).sum(dim=2).square().sum(dim=1),
        layer.bias: lambda g: places(g).sum(dim=2).square().sum(dim=1),
    }


#: exactly these types: what inherits from them may do something else
_LAYERS: dict[type, Callable[[Any, Tensor], dict[Tensor, _Square]]] = {
    nn.Conv2d: _convolution,
    nn.Linear: _linear,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
}
