r"""Traces of a Hessian without any probe, for networks that are linear in each of their tensors.

A network of convolutions, linear layers, batch norm in eval mode, ReLU, pooling and additions is
linear in every single weight tensor, the others held, as long as no unit crosses its kink. Then the
functional Hessian's diagonal blocks are 0, whatever lies between them, and

.. math:: \mathrm{tr} H_{ll} = \mathrm{tr} G_{ll}
    = \tfrac1n \sum_i \sum_k q_{ik} \| J_{il}^T (e_k - q_i) \|^2

is the Gauss-Newton matrix's trace, a sum of squared gradients: S_i = diag(q) - q q^T in the gaps
between the logits is the sum of q_k (e_k - q)(e_k - q)^T over all classes, e = 0 for the true one.
"""

import logging
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, vjp, vmap

from advscape.curvature.graph import gradient_graph
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.operator import CurvatureOperator
from advscape.curvature.trace import LayerTraces
from advscape.losses import gap_probabilities, logit_gaps
from advscape.machine.memory import MicroBatch
from advscape.models.untouched import differentiable

_LOG = logging.getLogger("advscape.curvature")
#: samples on which a network is tried
_TRIED = 4
#: numbers that the gradients of the samples which go through a network at once may hold together
_AT_ONCE = 2**25


def exact_traces(operator: CurvatureOperator) -> LayerTraces | None:
    """Traces of a Hessian at held inputs and of all its diagonal blocks, exact but for rounding.

    Costs a gradient of each sample for each class. The network is tried first: that derivatives of
    each tensor's gradient in the same tensor are exactly 0 on a few samples.

    Args:
        operator: over all of the samples.

    Returns:
        None of other operators, where the network is not linear in each tensor, or where torch
        cannot take the gradients of single samples on it; the log says so.
    """
    if not isinstance(operator, HessianOperator):
        return None
    model, (x, y) = operator.model, operator.samples
    try:
        if not linear_in_each(model, operator.parameters, *operator.telling(_TRIED)):
            return None
        return LayerTraces.exactly(gauss_newton_traces(model, operator.parameters, x, y))
    except (RuntimeError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        _LOG.info("traces are estimated from probes: no gradients of single samples: %s", reason)
        return None


def linear_in_each(model: nn.Module, parameters: Sequence[Tensor], x: Tensor, y: Tensor) -> bool:
    """Whether logits have no second derivative within any single tensor, at some samples.

    Args:
        model: gives (n, classes) logits; used in eval mode and left as it was.
        parameters: the tensors.
        x: (n, ...) inputs.
        y: (n,) labels.
    """
    generator = torch.Generator().manual_seed(0)

    def drawn(like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=generator).to(like)

    with differentiable(model, parameters):
        gaps = logit_gaps(model(x), y)
        slopes = gradient_graph((gaps * drawn(gaps)).sum(), parameters)
        for slope, tensor in zip(slopes, parameters, strict=True):
            if slope.grad_fn is None:
                continue
            (bend,) = torch.autograd.grad(
                slope, tensor, drawn(tensor), retain_graph=True, allow_unused=True
            )
            if bend is not None and bool(bend.any()):
                return False
    return True


def gauss_newton_traces(
    model: nn.Module, parameters: Sequence[Tensor], x: Tensor, y: Tensor
) -> np.ndarray:
    """Traces (tensors,) float64 of the Gauss-Newton matrix's diagonal blocks, of any network.

    Args:
        model: gives (n, classes) logits; used in eval mode and left as it was.
        parameters: the tensors.
        x: (n, ...) inputs.
        y: (n,) labels.

    Raises:
        RuntimeError: torch cannot take the gradients of single samples on this network.
    """
    held = {id(tensor) for tensor in parameters}
    weights = {name: p.detach() for name, p in model.named_parameters() if id(p) in held}
    numbers = sum(tensor.numel() for tensor in parameters)

    def of_sample(one: Tensor, label: Tensor) -> Tensor:
        def gaps(weights: dict[str, Tensor]) -> Tensor:
            return logit_gaps(functional_call(model, weights, (one[None],)), label[None])[0]

        found, back = vjp(gaps, weights)
        q = gap_probabilities(found[None])[0]
        others = torch.eye(len(found), dtype=found.dtype, device=found.device)
        corners = nn.functional.pad(others, (0, 0, 1, 0)) - q[1:]
        traces = torch.zeros(len(weights), dtype=torch.float64, device=found.device)
        for row in q.sqrt()[:, None] * corners:
            (gradient,) = back(row)
            traces = traces + torch.stack([g.square().sum().double() for g in gradient.values()])
        return traces

    def summed(size: int) -> Tensor:
        batches = zip(x.split(size), y.split(size), strict=True)
        return torch.stack([vmap(of_sample)(*batch).sum(dim=0) for batch in batches]).sum(dim=0)

    with differentiable(model, ()):
        micro = MicroBatch(max(1, min(len(y), _AT_ONCE // numbers)))
        traces: np.ndarray = (micro.run(summed) / len(y)).cpu().numpy()
    return traces
