"""Projected gradient descent (Madry et al. 2018, arXiv 1706.06083)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from advscape.losses import sample_losses
from advscape.models.untouched import untouched
from advscape.threat import ThreatModel

#: spread of a start beside the clean input
NEAR = 1e-3


@dataclass(frozen=True)
class PGD:
    """Settings of the attack.

    Attributes:
        threat: the set of perturbations.
        steps: gradient steps.
        relative_step: step size as a multiple of epsilon / steps.
        restarts: how often it starts; each sample keeps its worst outcome.
        start: uniformly in the "ball", at the "clean" input, or "near" it, where Gaussian noise of
            standard deviation 0.001 leads (Zhang et al. 2019, arXiv 1901.08573, algorithm 1).
        loss: what each sample's steps climb, a function of outputs and ``y`` with shape (n,).
    """

    threat: ThreatModel
    steps: int
    relative_step: float = 2.5
    restarts: int = 1
    start: Literal["ball", "clean", "near"] = "ball"
    loss: Callable[[Tensor, Tensor], Tensor] = sample_losses

    def __call__(
        self,
        model: nn.Module,
        x: Tensor,
        y: Tensor,
        generator: torch.Generator,
        batch_norm: Literal["eval", "train"] = "eval",
        micro: int | None = None,
    ) -> Tensor:
        """Attack one batch.

        Args:
            model: gives (n, classes) logits; left as it was, also after an error.
            x: (n, ...) inputs in [0, 1].
            y: (n,) labels, or what ``loss`` takes in their place.
            generator: of the random starts.
            batch_norm: see :func:`advscape.models.untouched.untouched`.
            micro: samples that go through the model at once, all unless given; the starts are the
                same for any.

        Returns:
            Perturbed inputs, detached, shape and dtype of ``x``.
        """
        if self.threat.epsilon == 0:
            return x.detach().clone()
        with untouched(model, batch_norm):
            best = self._once(model, x, y, generator, micro)
            if self.restarts > 1:
                loss = self._losses(model, best, y, micro)
            for _ in range(self.restarts - 1):
                other = self._once(model, x, y, generator, micro)
                other_loss = self._losses(model, other, y, micro)
                worse = other_loss > loss
                best[worse], loss[worse] = other[worse], other_loss[worse]
        return best

    def _once(
        self, model: nn.Module, x: Tensor, y: Tensor, generator: torch.Generator, micro: int | None
    ) -> Tensor:
        size = micro or len(x)
        parts = zip(
            x.split(size), y.split(size), self._start(x, generator).split(size), strict=True
        )
        return torch.cat([self._climb(model, *part) for part in parts])

    def _start(self, x: Tensor, generator: torch.Generator) -> Tensor:
        if self.start == "clean":
            return torch.zeros_like(x)
        if self.start == "ball":
            return self.threat.random_start(x, generator)
        noise = torch.randn(x.shape, generator=generator, device=generator.device)
        return self.threat.project(NEAR * noise.to(x.device, x.dtype), x)

    def _climb(self, model: nn.Module, x: Tensor, y: Tensor, delta: Tensor) -> Tensor:
        size = self.relative_step * self.threat.epsilon / self.steps
        for _ in range(self.steps):
            delta.requires_grad_(True)
            loss = self.loss(model(x + delta), y).sum()
            (gradient,) = torch.autograd.grad(loss, delta)
            delta = self.threat.project(delta.detach() + self.threat.ascent(gradient, size), x)
        return (x + delta).detach()

    @torch.no_grad()
    def _losses(self, model: nn.Module, x: Tensor, y: Tensor, micro: int | None) -> Tensor:
        size = micro or len(x)
        parts = zip(x.split(size), y.split(size), strict=True)
        return torch.cat([self.loss(model(xs), ys) for xs, ys in parts])


def pgd(
    threat: ThreatModel, steps: int, relative_step: float, restarts: int, random_start: bool
) -> PGD:
    """The attack of the config's ``pgd``: from the ball, or from the clean input."""
    return PGD(threat, steps, relative_step, restarts, "ball" if random_start else "clean")


def fgsm(threat: ThreatModel) -> PGD:
    """One step of length epsilon from the clean input (Goodfellow et al. 2015, 1412.6572)."""
    return PGD(threat, steps=1, relative_step=1.0, start="clean")


def opposed(threat: ThreatModel, steps: int, relative_step: float) -> PGD:
    """PGD that lowers the loss."""
    return PGD(threat, steps, relative_step, loss=_reversed)


def _reversed(outputs: Tensor, y: Tensor) -> Tensor:
    return -sample_losses(outputs, y)
