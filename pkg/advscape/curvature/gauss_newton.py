"""The generalised Gauss-Newton matrix of a mean loss, as a product with vectors."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from advscape.curvature.operator import CurvatureOperator
from advscape.losses import gap_probabilities, logit_gaps


class _Graph(NamedTuple):
    """Gaps; a vector in their space; the weights' gradient of its product with them; S's q."""

    gaps: Tensor
    along: Tensor
    pulled: tuple[Tensor, ...]
    q: Tensor


class GaussNewtonOperator(CurvatureOperator):
    r"""Products with the positive semi-definite part of the Hessian that the logits' slopes make.

    .. math:: G = \tfrac1n \sum_i J_i^T S_i J_i, \qquad S = \nabla_z^2\ell = \mathrm{diag}(p) - pp^T

    J is the Jacobian of the logits z in the weights (Schraudolph 2002). It is formed in the gaps
    between the logits, where S = diag(q) - q q^T with the other classes' probabilities q keeps its
    relative accuracy on saturated samples. J v is the derivative of J^T u in u, so that a product
    takes two passes through kept graphs.

    Args:
        model: gives (n, classes) logits.
        x: (n, ...) inputs.
        y: (n,) labels.
        batch_size: samples per graph.
        parameters: those the matrix is over; all that require gradients unless given.
        dtype: see :class:`advscape.curvature.operator.CurvatureOperator`.
    """

    def __init__(
        self,
        model: nn.Module,
        x: Tensor,
        y: Tensor,
        batch_size: int,
        parameters: Sequence[nn.Parameter] | None = None,
        dtype: torch.dtype | None = None,
    ):
        """Hold the model and its samples."""
        batches = list(zip(x.split(batch_size), y.split(batch_size), strict=True))
        super().__init__(model, len(y), batches, parameters, dtype)

    def _graph(self, batch: tuple[Tensor, Tensor]) -> _Graph:
        x, y = batch
        gaps = logit_gaps(self._model(x), y)
        along = torch.zeros_like(gaps, requires_grad=True)
        pulled = torch.autograd.grad(gaps, self.parameters, along, create_graph=True)
        return _Graph(gaps, along, pulled, gap_probabilities(gaps.detach())[:, 1:])

    def _graph_product(self, graph: _Graph, pieces: list[Tensor]) -> tuple[Tensor, ...]:
        (moved,) = torch.autograd.grad(graph.pulled, graph.along, pieces, retain_graph=True)
        weighed = graph.q * (moved - (graph.q * moved).sum(dim=1, keepdim=True))
        return torch.autograd.grad(graph.gaps, self.parameters, weighed, retain_graph=True)
