"""The Hessian of a mean loss over a network's parameters, as a product with vectors."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from advscape.attacks.untouched import untouched
from advscape.losses import sample_losses


class HessianOperator:
    r"""Products with the Hessian of the mean loss at fixed inputs.

    .. math:: H = \tfrac1n \sum_i \nabla_w^2 \ell(w, \tilde x_i)

    At adversarial inputs this is the frozen part A of the adversarial loss's Hessian: the noise is
    held while the weights move, a lower bound of the whole. The mean is exact for any batch size:
    a short last batch has its own weight. The model is used in eval mode and left as it was.

    The graph of the gradient is kept where one batch holds all samples, which saves a third of
    each product; with several batches it is built anew, so memory is that of one batch.

    Args:
        model: gives (n, classes) logits.
        x: (n, ...) inputs.
        y: (n,) labels.
        batch_size: samples per graph.
        parameters: those the Hessian is over; all that require gradients unless given.
    """

    def __init__(
        self,
        model: nn.Module,
        x: Tensor,
        y: Tensor,
        batch_size: int,
        parameters: Sequence[nn.Parameter] | None = None,
    ):
        """Hold the model and its samples."""
        chosen = parameters or [p for p in model.parameters() if p.requires_grad]
        self.parameters = list(chosen)
        self.dim = sum(p.numel() for p in self.parameters)
        self.products = 0
        self._model = model
        self._batches = list(zip(x.split(batch_size), y.split(batch_size), strict=True))
        self._n = len(y)
        self._kept: list[Tensor] | None = None

    def __matmul__(self, vector: Tensor) -> Tensor:
        """H v: (dim,) from (dim,), dtype and device of the parameters."""
        pieces = self._pieces(vector)
        total = torch.zeros_like(vector)
        with untouched(self._model, freeze=False):
            for x, y in self._batches:
                total += self._batch_product(x, y, pieces)
        self.products += 1
        return total

    def _batch_product(self, x: Tensor, y: Tensor, pieces: list[Tensor]) -> Tensor:
        keep = len(self._batches) == 1
        gradients = self._kept or self._gradients(x, y)
        if keep:
            self._kept = gradients
        products = torch.autograd.grad(
            gradients, self.parameters, pieces, retain_graph=keep, materialize_grads=True
        )
        return torch.cat([product.reshape(-1) for product in products])

    def _gradients(self, x: Tensor, y: Tensor) -> list[Tensor]:
        """Gradient of this batch's share of the mean loss, with its graph."""
        loss = sample_losses(self._model(x), y).sum() / self._n
        return list(torch.autograd.grad(loss, self.parameters, create_graph=True))

    def _pieces(self, vector: Tensor) -> list[Tensor]:
        sizes = [p.numel() for p in self.parameters]
        parts = vector.split(sizes)
        return [part.view_as(p) for part, p in zip(parts, self.parameters, strict=True)]

    def random_vector(self, generator: torch.Generator) -> Tensor:
        """A Gaussian vector (dim,) of length about 1, where the parameters live."""
        draw = torch.randn(self.dim, generator=generator, device=generator.device)
        first = self.parameters[0]
        return draw.to(first.device, first.dtype) / math.sqrt(self.dim)

    def signs(self, generator: torch.Generator) -> Tensor:
        """A Rademacher vector (dim,): each entry -1 or +1, where the parameters live."""
        draw = torch.randint(0, 2, (self.dim,), generator=generator, device=generator.device)
        first = self.parameters[0]
        return (2 * draw - 1).to(first.device, first.dtype)
