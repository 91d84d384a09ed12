"""The Hessian of a mean loss over a network's parameters, as a product with vectors."""

from torch import Tensor

from advscape.curvature.first_derivatives import FirstDerivatives
from advscape.curvature.graph import gradient_graph, pulled
from advscape.curvature.operator import SampleOperator
from advscape.losses import precise_losses


class HessianOperator(SampleOperator):
    r"""Products with the Hessian of the mean loss at fixed inputs.

    .. math:: H = \tfrac1n \sum_i \nabla_w^2 \ell(w, \tilde x_i)

    At clean inputs it is the clean loss's Hessian. At adversarial ones it is the frozen part A of
    the adversarial loss's: the noise is held while the weights move, a lower bound of the whole
    (see :class:`advscape.curvature.response.ResponseOperator`).

    Each product goes back through the graph of the gradient (Pearlmutter 1994), which with one
    batch is kept and saves a third.

    Arguments as of :class:`advscape.curvature.operator.SampleOperator`.
    """

    @property
    def samples(self) -> tuple[Tensor, Tensor]:
        """Inputs (n, ...) and labels (n,)."""
        x, y = self._samples
        return x, y

    def _graph(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
        x, y = batch
        return gradient_graph(precise_losses(self._model(x), y).sum(), self.parameters)

    def _graph_product(self, graph: tuple[Tensor, ...], pieces: list[Tensor]) -> tuple[Tensor, ...]:
        return pulled(graph, self.parameters, pieces)

    def _expected(
        self, graph: tuple[Tensor, ...], derivatives: FirstDerivatives, vector: list[Tensor]
    ) -> list[Tensor]:
        return derivatives.along_weights(vector)[0]

    def by_sample(self, vector: Tensor) -> Tensor:
        """As of every operator."""
        x, y = self._samples
        return self._bends(x, y, vector)

    def _gradient(self, graph: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return graph
