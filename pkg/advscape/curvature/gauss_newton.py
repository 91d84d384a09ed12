"""The generalised Gauss-Newton matrix of a mean loss, as a product with vectors."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import torch
from torch import Tensor

from advscape.curvature.first_derivatives import FirstDerivatives
from advscape.curvature.graph import pulled
from advscape.curvature.operator import SampleOperator
from advscape.losses import gap_probabilities, logit_gaps


class GaussNewtonGraph(NamedTuple):
    """Gaps; a vector in their space; the weights' gradient of its product with them; S's q."""

    gaps: Tensor
    along: Tensor
    pulled: tuple[Tensor, ...]
    q: Tensor

    @classmethod
    def of(cls, gaps: Tensor, parameters: Sequence[Tensor]) -> Self:
        """The graph of a batch's gaps (n, classes - 1), which have one themselves."""
        along = torch.zeros_like(gaps, requires_grad=True)
        back = torch.autograd.grad(
            gaps, parameters, along, create_graph=True, materialize_grads=True
        )
        return cls(gaps, along, back, gap_probabilities(gaps.detach())[:, 1:])

    def product(self, parameters: Sequence[Tensor], pieces: list[Tensor]) -> tuple[Tensor, ...]:
        """J^T S J times a vector in pieces, shaped as the parameters are."""
        (moved,) = pulled(self.pulled, [self.along], pieces)
        return self.weighed(parameters, moved)

    def forms(self, pieces: list[Tensor]) -> Tensor:
        """Each sample's v . J_i^T S_i J_i v: (n,) float64."""
        (moved,) = pulled(self.pulled, [self.along], pieces)
        q, moved = self.q.double(), moved.double()
        return (q * moved.square()).sum(dim=1) - (q * moved).sum(dim=1).square()

    def weighed(self, parameters: Sequence[Tensor], moved: Tensor) -> tuple[Tensor, ...]:
        """J^T S times a motion (n, classes - 1) of the gaps."""
        weighed = self.q * (moved - (self.q * moved).sum(dim=1, keepdim=True))
        return pulled([self.gaps], parameters, [weighed])


class GaussNewtonOperator(SampleOperator):
    r"""Products with the positive semi-definite part of the Hessian that the logits' slopes make.

    .. math:: G = \tfrac1n \sum_i J_i^T S_i J_i, \qquad S = \nabla_z^2\ell = \mathrm{diag}(p) - pp^T

    J is the Jacobian of the logits z in the weights (Schraudolph 2002). It is formed in the gaps
    between the logits, where S = diag(q) - q q^T with the other classes' probabilities q keeps its
    relative accuracy on saturated samples. J v is the derivative of J^T u in u, so that a product
    takes two passes through kept graphs.

    Arguments as of :class:`advscape.curvature.operator.SampleOperator`.
    """

    def _graph(self, batch: tuple[Tensor, Tensor]) -> GaussNewtonGraph:
        x, y = batch
        return GaussNewtonGraph.of(logit_gaps(self._model(x), y), self.parameters)

    def _graph_product(self, graph: GaussNewtonGraph, pieces: list[Tensor]) -> tuple[Tensor, ...]:
        return graph.product(self.parameters, pieces)

    def _expected(
        self, graph: GaussNewtonGraph, derivatives: FirstDerivatives, vector: list[Tensor]
    ) -> list[Tensor]:
        # J v is tried; J^T is a first derivative
        return list(graph.weighed(self.parameters, derivatives.gaps_along_weights(vector)))

    def by_sample(self, vector: Tensor) -> Tensor:
        """As of every operator."""
        return self._of_each(lambda graph: graph.forms(self._pieces(vector)))

    def _gradient(self, graph: GaussNewtonGraph) -> tuple[Tensor, ...]:
        return pulled([graph.gaps], self.parameters, [graph.q])
