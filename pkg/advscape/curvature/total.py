"""The whole Hessian of the adversarial loss: frozen part plus response."""

from collections.abc import Sequence

from torch import Tensor

from advscape.curvature.first_derivatives import FirstDerivatives
from advscape.curvature.graph import pulled
from advscape.curvature.response import JointGraph, ResponseOperator


class TotalOperator(ResponseOperator):
    """Products with A + B, means over the valid samples.

    One pass back through the graph gives A v and C v together, a second one C^T of the noise's
    motion: about twice the cost of the frozen part alone. Arguments as of
    :class:`advscape.curvature.response.ResponseOperator`.
    """

    def _graph_product(self, graph: JointGraph, pieces: list[Tensor]) -> Sequence[Tensor]:
        *frozen, pushed = pulled(graph.over_weights, [*self.parameters, graph.x], pieces)
        response = self._pull(graph, pushed)
        return [a + b for a, b in zip(frozen, response, strict=True)]

    def by_sample(self, vector: Tensor) -> Tensor:
        """As of every operator."""
        frozen = self._bends(self._samples.x, self._samples.y, vector)
        return frozen + self.response_by_sample(vector)

    def _expected(
        self, graph: JointGraph, derivatives: FirstDerivatives, vector: list[Tensor]
    ) -> list[Tensor]:
        frozen, pushed = derivatives.along_weights(vector)
        response = self._pulled_by_differences(graph, derivatives, pushed)
        return [a + b for a, b in zip(frozen, response, strict=True)]
