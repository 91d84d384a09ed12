"""Linear logistic regression as a network: one logit from all pixels."""

from torch import Tensor, nn


class LinearLogistic(nn.Module):
    """z = w . x + b over flattened inputs.

    The study solves this model exactly in :mod:`advscape.linear`; here it lets attacks and
    curvature operators be held against the closed form.
    """

    def __init__(self, pixels: int):
        """Make the model for inputs of so many pixels."""
        super().__init__()
        self.linear = nn.Linear(pixels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, 1) of inputs (n, ...)."""
        logits: Tensor = self.linear(x.flatten(1))
        return logits
