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
from torch.nn import functional

from advscape.curvature.graph import gradient_graph
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.operator import CurvatureOperator
from advscape.curvature.sample_squares import NotLayered, by_layers, one_by_one
from advscape.curvature.trace import LayerTraces
from advscape.losses import gap_probabilities, logit_gaps
from advscape.machine.memory import MicroBatch
from advscape.models.kinks import bends_in_places
from advscape.models.untouched import differentiable, untouched

_LOG = logging.getLogger("advscape.curvature")
#: samples on which a network is tried, and how many vectors of each
_TRIED, _VECTORS = 2, 2
#: more classes for each probe make the estimate much cheaper
_CLASSES = 10
#: numbers that the gradients of samples taken one by one may hold together
_AT_ONCE = 2**25
#: relative, by how much squared gradients layer by layer may differ from those one by one
_AGREE = 1e-3


def exact_traces(operator: CurvatureOperator, probes: int) -> LayerTraces | None:
    """Traces of a Hessian at held inputs and of all its diagonal blocks, exact but for rounding.

    Costs about a pass backwards for each class, where a probe takes the passes of a product. The
    network is tried first: that derivatives of each tensor's gradient in the same tensor are
    exactly 0 on a few samples, and that nothing in it bends on some samples alone.

    Args:
        operator: over all of the samples.
        probes: that an estimate would take.

    Returns:
        None of other operators, where the network is not linear in each tensor or has more than ten
        classes for each probe, or where torch cannot take the gradients of single samples on it,
        which the log says.
    """
    if not isinstance(operator, HessianOperator):
        return None
    model, (x, y) = operator.model, operator.samples
    tried = operator.telling(_TRIED)
    try:
        if _classes(model, tried[0]) > _CLASSES * probes:
            return None
        if bends_in_places(model, tried[0]):
            return None
        if not linear_in_each(model, operator.parameters, *tried):
            return None
        return LayerTraces.exactly(
            gauss_newton_traces(model, operator.parameters, x, y, operator.batch_size)
        )
    except (RuntimeError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        _LOG.info("traces are estimated from probes: no gradients of single samples: %s", reason)
        return None


@torch.no_grad()
def _classes(model: nn.Module, x: Tensor) -> int:
    with untouched(model):
        return int(model(x).shape[1])


def linear_in_each(model: nn.Module, parameters: Sequence[Tensor], x: Tensor, y: Tensor) -> bool:
    """Whether logits have no second derivative within any single tensor, at some samples.

    Args:
        model: gives (n, classes) logits; used in eval mode and left as it was.
        parameters: the tensors.
        x: (n, ...) inputs.
        y: (n,) labels.
    """
    generator = _generator()

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
    model: nn.Module, parameters: Sequence[Tensor], x: Tensor, y: Tensor, batch_size: int
) -> np.ndarray:
    """Traces (tensors,) float64 of the Gauss-Newton matrix's diagonal blocks, of any network.

    Layer by layer where that gives what single samples give, which is tried on a few; else sample
    by sample, which takes several times as long.

    Args:
        model: gives (n, classes) logits; used in eval mode and left as it was.
        parameters: the tensors.
        x: (n, ...) inputs.
        y: (n,) labels.
        batch_size: samples that go through the network at once.

    Raises:
        RuntimeError: torch cannot take the gradients of single samples on this network.
    """
    with untouched(model):
        of_batch = by_layers
        if not _layered(model, parameters, x[:_TRIED], y[:_TRIED]):
            of_batch = one_by_one
            numbers = sum(tensor.numel() for tensor in parameters)
            batch_size = min(batch_size, max(1, _AT_ONCE // numbers))

        def summed(size: int) -> Tensor:
            return torch.stack([
                of_batch(model, parameters, *batch, _factors(model, *batch)).double().sum(dim=0)
                for batch in zip(x.split(size), y.split(size), strict=True)
            ]).sum(dim=0)  # fmt: skip

        traces: np.ndarray = (MicroBatch(batch_size).run(summed) / len(y)).cpu().numpy()
    return traces


def _layered(model: nn.Module, parameters: Sequence[Tensor], x: Tensor, y: Tensor) -> bool:
    """Whether layers have all there is to squared gradients, as some samples' own ones say."""
    rows = torch.randn(_VECTORS, *logit_gaps(model(x), y).shape, generator=_generator()).to(x)
    right = one_by_one(model, parameters, x, y, rows).double()
    try:
        squares = by_layers(model, parameters, x, y, rows)
    except (NotLayered, RuntimeError):
        return False
    return torch.allclose(squares, right, rtol=_AGREE, atol=_AGREE**2 * float(right.max()))


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@torch.no_grad()
def _factors(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Vectors (classes, n, classes - 1) whose outer products sum to S of each sample."""
    q = gap_probabilities(logit_gaps(model(x), y))
    others = torch.eye(q.shape[1] - 1, dtype=q.dtype, device=q.device)
    corners = functional.pad(others, (0, 0, 1, 0))[:, None] - q[None, :, 1:]
    return q.sqrt().T[:, :, None] * corners
