"""Projected gradient descent (Madry et al. 2018, arXiv 1706.06083)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from advscape.attacks.untouched import untouched
from advscape.losses import sample_losses
from advscape.threat import ThreatModel


@dataclass(frozen=True)
class PGD:
    """Settings of the attack.

    Attributes:
        threat: the set of perturbations.
        steps: gradient steps.
        relative_step: step size as a multiple of epsilon / steps.
        restarts: how often it starts; each sample keeps its worst outcome.
        random_start: start uniformly in the ball, else at the clean input.
        loss: what each sample's steps climb, a function of outputs and ``y`` with shape (n,).
    """

    threat: ThreatModel
    steps: int
    relative_step: float = 2.5
    restarts: int = 1
    random_start: bool = True
    loss: Callable[[Tensor, Tensor], Tensor] = sample_losses

    def __call__(
        self,
        model: nn.Module,
        x: Tensor,
        y: Tensor,
        generator: torch.Generator,
        batch_norm: Literal["eval", "train"] = "eval",
    ) -> Tensor:
        """Attack one batch.

        Args:
            model: gives (n, classes) logits; left as it was, also after an error.
            x: (n, ...) inputs in [0, 1].
            y: (n,) labels, or what ``loss`` takes in their place.
            generator: of the random starts.
            batch_norm: see :func:`advscape.attacks.untouched.untouched`.

        Returns:
            Perturbed inputs, detached, shape and dtype of ``x``.
        """
        if self.threat.epsilon == 0:
            return x.detach().clone()
        with untouched(model, batch_norm):
            best = self._once(model, x, y, generator)
            if self.restarts > 1:
                loss = self._losses(model, best, y)
            for _ in range(self.restarts - 1):
                other = self._once(model, x, y, generator)
                other_loss = self._losses(model, other, y)
                worse = other_loss > loss
                best[worse], loss[worse] = other[worse], other_loss[worse]
        return best

    def _once(self, model: nn.Module, x: Tensor, y: Tensor, generator: torch.Generator) -> Tensor:
        threat = self.threat
        size = self.relative_step * threat.epsilon / self.steps
        delta = threat.random_start(x, generator) if self.random_start else torch.zeros_like(x)
        for _ in range(self.steps):
            delta.requires_grad_(True)
            loss = self.loss(model(x + delta), y).sum()
            (gradient,) = torch.autograd.grad(loss, delta)
            delta = threat.project(delta.detach() + threat.ascent(gradient, size), x)
        return (x + delta).detach()

    @torch.no_grad()
    def _losses(self, model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return self.loss(model(x), y)
