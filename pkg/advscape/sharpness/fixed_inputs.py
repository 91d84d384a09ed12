"""A network's mean loss at fixed inputs, as a function of its weights as they are now."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from advscape.machine.memory import MicroBatch
from advscape.models.flat import flattened
from advscape.models.untouched import differentiable, untouched

#: from outputs (n, classes) and labels (n,) to losses (n,)
Loss = Callable[[Tensor, Tensor], Tensor]


class FixedInputs:
    """Samples whose inputs stay as they are while the weights move.

    Args:
        model: gives (n, classes) logits; used in eval mode and left as it was.
        parameters: those that gradients are taken in.
        x: (n, ...) inputs, perturbed or not.
        y: (n,) labels.
        batch_size: samples that go through the model at once; fewer where memory does not hold
            them, with the same result.
    """

    def __init__(
        self,
        model: nn.Module,
        parameters: Sequence[nn.Parameter],
        x: Tensor,
        y: Tensor,
        batch_size: int,
    ):
        """Hold the model and its samples."""
        self._model, self._parameters, self._x, self._y = model, parameters, x, y
        self._micro = MicroBatch(batch_size)

    @torch.no_grad()
    def values(self, *losses: Loss) -> Tensor:
        """Mean of each loss over the samples: (len(losses),) float64."""
        with untouched(self._model):
            outputs = self._micro.run(
                lambda size: torch.cat([self._model(xb) for xb in self._x.split(size)])
            )
        return torch.stack([loss(outputs, self._y).double().mean() for loss in losses])

    def slope(self, loss: Loss) -> tuple[float, Tensor]:
        """The mean loss and its gradient (dim,): all parameters' entries one after the other."""
        with differentiable(self._model, self._parameters):
            value, gradient = self._micro.run(lambda size: self._summed(loss, size))
        return value / len(self._y), gradient / len(self._y)

    def _summed(self, loss: Loss, size: int) -> tuple[float, Tensor]:
        value, gradient = 0.0, torch.zeros_like(flattened(self._parameters))
        for xb, yb in zip(self._x.split(size), self._y.split(size), strict=True):
            losses = loss(self._model(xb), yb)
            value += float(losses.detach().double().sum())
            # zeros for parameters that the network does not use
            slopes = torch.autograd.grad(losses.sum(), self._parameters, materialize_grads=True)
            gradient += flattened(slopes)
        return value, gradient
