"""Second derivatives of each sample's loss along one direction, in one pass forward."""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import jvp

from advscape.curvature.first_derivatives import all_tensors, call_with, names_of
from advscape.losses import precise_losses
from advscape.models.flat import pieces_of
from advscape.models.untouched import untouched


@torch.no_grad()
def second_derivatives(
    model: nn.Module,
    parameters: Sequence[Tensor],
    x: Tensor,
    y: Tensor,
    vector: Tensor,
    batch_size: int,
) -> Tensor:
    """Each sample's v . H_i v: (n,), by differentiating forwards twice.

    Args:
        model: gives (n, classes) logits; used in eval mode and left as it was.
        parameters: those that the vector is over.
        x: (n, ...) inputs.
        y: (n,) labels.
        vector: (dim,).
        batch_size: samples that go through the model at once.

    Raises:
        Exception: whatever torch raises where it cannot differentiate the network forwards.
    """
    named = all_tensors(model)
    names = names_of(model, parameters)
    pieces = tuple(pieces_of(vector, parameters))
    # copies: a forward that writes into .data would write into the model's own, behind its graphs
    weights = tuple(p.detach().clone() for p in parameters)

    def bends(xb: Tensor, yb: Tensor) -> Tensor:
        def losses(*moved: Tensor) -> Tensor:
            tensors = named | dict(zip(names, moved, strict=True))
            return precise_losses(call_with(model, tensors, xb), yb)

        def slopes(*moved: Tensor) -> Tensor:
            slope: Tensor = jvp(losses, moved, pieces)[1]
            return slope

        bend: Tensor = jvp(slopes, weights, pieces)[1]
        return bend

    with untouched(model), warnings.catch_warnings():
        # torch's own code for derivatives forwards, which it loads at their first use
        warnings.filterwarnings("ignore", "`torch.jit.script` is", FutureWarning)
        parts = zip(x.split(batch_size), y.split(batch_size), strict=True)
        return torch.cat([bends(xb, yb) for xb, yb in parts])
