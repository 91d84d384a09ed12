"""The generalised Gauss-Newton matrix of a mean loss, as a product with vectors."""

from typing import NamedTuple

import torch
from torch import Tensor

from advscape.curvature.first_derivatives import FirstDerivatives
from advscape.curvature.graph import pulled
from advscape.curvature.operator import SampleOperator
from advscape.losses import gap_probabilities, logit_gaps


class _Graph(NamedTuple):
    """Gaps; a vector in their space; the weights' gradient of its product with them; S's q."""

    gaps: Tensor
    along: Tensor
    pulled: tuple[Tensor, ...]
    q: Tensor


class GaussNewtonOperator(SampleOperator):
    r"""Products with the positive semi-definite part of the Hessian that the logits' slopes make.

    .. math:: G = \tfrac1n \sum_i J_i^T S_i J_i, \qquad S = \nabla_z^2\ell = \mathrm{diag}(p) - pp^T

    J is the Jacobian of the logits z in the weights (Schraudolph 2002). It is formed in the gaps
    between the logits, where S = diag(q) - q q^T with the other classes' probabilities q keeps its
    relative accuracy on saturated samples. J v is the derivative of J^T u in u, so that a product
    takes two passes through kept graphs.

    Arguments as of :class:`advscape.curvature.operator.SampleOperator`.
    """

    def _graph(self, batch: tuple[Tensor, Tensor]) -> _Graph:
        x, y = batch
        gaps = logit_gaps(self._model(x), y)
        along = torch.zeros_like(gaps, requires_grad=True)
        back = torch.autograd.grad(
            gaps, self.parameters, along, create_graph=True, materialize_grads=True
        )
        return _Graph(gaps, along, back, gap_probabilities(gaps.detach())[:, 1:])

    def _graph_product(self, graph: _Graph, pieces: list[Tensor]) -> tuple[Tensor, ...]:
        (moved,) = pulled(graph.pulled, [graph.along], pieces)
        return self._weighed(graph, moved)

    def _weighed(self, graph: _Graph, moved: Tensor) -> tuple[Tensor, ...]:
        weighed = graph.q * (moved - (graph.q * moved).sum(dim=1, keepdim=True))
        return pulled([graph.gaps], self.parameters, [weighed])

    def _expected(
        self, graph: _Graph, derivatives: FirstDerivatives, vector: list[Tensor]
    ) -> list[Tensor]:
        # J v is tried; J^T is a first derivative
        return list(self._weighed(graph, derivatives.gaps_along_weights(vector)))

    def _gradient(self, graph: _Graph) -> tuple[Tensor, ...]:
        return pulled([graph.gaps], self.parameters, [graph.q])
