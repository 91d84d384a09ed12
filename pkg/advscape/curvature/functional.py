"""The part of a Hessian that the network's own second derivatives make."""

from typing import NamedTuple

from torch import Tensor

from advscape.curvature.first_derivatives import FirstDerivatives
from advscape.curvature.gauss_newton import GaussNewtonGraph
from advscape.curvature.graph import gradient_graph, pulled
from advscape.curvature.operator import SampleOperator
from advscape.losses import gap_losses, logit_gaps


class _Graph(NamedTuple):
    """The Gauss-Newton matrix' graph, and the gradient's."""

    outer: GaussNewtonGraph
    over_weights: tuple[Tensor, ...]


class FunctionalOperator(SampleOperator):
    r"""Products with the functional Hessian F = H - G at fixed inputs, a mean over samples.

    .. math:: F = \tfrac1n \sum_i \sum_k \frac{\partial\ell_i}{\partial z_k} \nabla_w^2 z_{ik}

    H is :class:`advscape.curvature.hessian.HessianOperator`'s and G the Gauss-Newton matrix: H's
    parts by the curvature of the network and by that of the loss (Singh, Bachmann and Hofmann,
    arXiv 2106.16225). F has eigenvalues of both signs; what makes a Hessian's negative ones is in
    it.

    Arguments as of :class:`advscape.curvature.operator.SampleOperator`.
    """

    def _graph(self, batch: tuple[Tensor, Tensor]) -> _Graph:
        x, y = batch
        gaps = logit_gaps(self._model(x), y)
        loss = gap_losses(gaps).sum()
        return _Graph(
            GaussNewtonGraph.of(gaps, self.parameters), gradient_graph(loss, self.parameters)
        )

    def _graph_product(self, graph: _Graph, pieces: list[Tensor]) -> tuple[Tensor, ...]:
        whole = pulled(graph.over_weights, self.parameters, pieces)
        outer = graph.outer.product(self.parameters, pieces)
        return tuple(h - g for h, g in zip(whole, outer, strict=True))

    def _expected(
        self, graph: _Graph, derivatives: FirstDerivatives, vector: list[Tensor]
    ) -> list[Tensor]:
        whole, _ = derivatives.along_weights(vector)
        outer = graph.outer.weighed(self.parameters, derivatives.gaps_along_weights(vector))
        return [h - g for h, g in zip(whole, outer, strict=True)]

    def by_sample(self, vector: Tensor) -> Tensor:
        """As of every operator."""
        outer = self._of_each(lambda graph: graph.outer.forms(self._pieces(vector)))
        x, y = self._samples
        return self._bends(x, y, vector) - outer

    def _gradient(self, graph: _Graph) -> tuple[Tensor, ...]:
        return graph.over_weights
