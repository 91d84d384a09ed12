"""The Hessian of a mean loss over a network's parameters, as a product with vectors."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from advscape.curvature.operator import CurvatureOperator
from advscape.losses import precise_losses


class HessianOperator(CurvatureOperator):
    r"""Products with the Hessian of the mean loss at fixed inputs.

    .. math:: H = \tfrac1n \sum_i \nabla_w^2 \ell(w, \tilde x_i)

    At clean inputs it is the clean loss's Hessian. At adversarial ones it is the frozen part A of
    the adversarial loss's: the noise is held while the weights move, a lower bound of the whole
    (see :class:`advscape.curvature.response.ResponseOperator`).

    Each product goes back through the graph of the gradient (Pearlmutter 1994), which with one
    batch is kept and saves a third.

    Args:
        model: gives (n, classes) logits.
        x: (n, ...) inputs.
        y: (n,) labels.
        batch_size: samples per graph.
        parameters: those the Hessian is over; all that require gradients unless given.
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

    def _graph(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
        x, y = batch
        loss = precise_losses(self._model(x), y).sum()
        return torch.autograd.grad(loss, self.parameters, create_graph=True)

    def _graph_product(self, graph: tuple[Tensor, ...], pieces: list[Tensor]) -> tuple[Tensor, ...]:
        return torch.autograd.grad(
            graph, self.parameters, pieces, retain_graph=True, materialize_grads=True
        )
