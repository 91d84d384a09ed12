"""How a batch's gradient moves the weights: SGD, and the treatments that flatten."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.sgd import sgd

from advscape.models.restored import restored
from advscape.models.untouched import untouched

#: fills the parameters' gradients at the weights as they are, and returns what the batch says:
#: the sums of its losses and of its right answers
Gradient = Callable[[], tuple[Tensor, Tensor]]


class Descent:
    """SGD with momentum and weight decay.

    A parameter without a gradient, frozen or unused, stays as it is: no decay, as in torch's SGD.
    """

    def __init__(self, model: nn.Module, momentum: float, weight_decay: float):
        """Prepare to train ``model``."""
        self.model = model
        self.parameters = list(model.parameters())
        self.momentum, self.weight_decay = momentum, weight_decay
        self.velocities: list[Tensor | None] = [None] * len(self.parameters)

    def step(self, gradient: Gradient, rate: float, epoch: int) -> tuple[Tensor, Tensor]:
        """Move the weights by one batch.

        Args:
            gradient: of the batch.
            rate: learning rate.
            epoch: counted from 0.

        Returns:
            what ``gradient`` returned.
        """
        result = gradient()
        self._descend(rate)
        return result

    def end_epoch(self) -> None:
        """Leave the model with the weights that are to be measured."""

    def state(self) -> dict[str, Tensor]:
        """All that the next step depends on, beside the weights."""
        velocities = enumerate(self.velocities)
        return {f"momentum.{i}": value for i, value in velocities if value is not None}

    def load(self, state: dict[str, Tensor]) -> None:
        """Take up what :meth:`state` gave."""
        self.velocities = [None] * len(self.parameters)
        for i, parameter in enumerate(self.parameters):
            if f"momentum.{i}" in state:
                self.velocities[i] = torch.empty_like(parameter).copy_(state[f"momentum.{i}"])

    @torch.no_grad()
    def _descend(self, rate: float) -> None:
        moved = [i for i, parameter in enumerate(self.parameters) if parameter.grad is not None]
        slopes = [slope for p in self.parameters if (slope := p.grad) is not None]
        velocities = [self.velocities[i] for i in moved]
        # torch.optim.SGD is this, and imports torch's compiler: two seconds of every job
        sgd(
            [self.parameters[i] for i in moved], slopes,
            velocities, lr=rate, momentum=self.momentum, weight_decay=self.weight_decay,
            dampening=0.0, nesterov=False, maximize=False,
        )  # fmt: skip
        for i, velocity in zip(moved, velocities, strict=True):
            self.velocities[i] = velocity


class _Moved(Descent):
    """SGD with the gradient of other weights: w + v, with v taken off again after the step."""

    @torch.no_grad()
    def _shift(self, moves: list[Tensor | None], sign: int) -> None:
        for parameter, move in zip(self.parameters, moves, strict=True):
            if move is not None:
                parameter.add_(move, alpha=sign)


class AdversarialWeights(_Moved):
    """Adversarial weight perturbation (Wu et al. 2020, arXiv 2004.05884, equations 8 to 10).

    Before each step the weights go up the batch's loss by v, with |v| = gamma |w| in each tensor of
    more than one dimension; the step is made there, and v is taken off again.
    """

    def __init__(
        self, model: nn.Module, momentum: float, weight_decay: float, gamma: float, warmup: int
    ):
        """Prepare to train ``model``; the first ``warmup`` epochs are plain SGD."""
        super().__init__(model, momentum, weight_decay)
        self.gamma, self.warmup = gamma, warmup

    def step(self, gradient: Gradient, rate: float, epoch: int) -> tuple[Tensor, Tensor]:
        """Move the weights by one batch, with the gradient at the perturbed ones."""
        if epoch < self.warmup:
            return super().step(gradient, rate, epoch)
        with untouched(self.model, "train", freeze=False):
            gradient()
        moves = [self._ascent(parameter) for parameter in self.parameters]
        self._shift(moves, 1)
        try:
            result = gradient()
            self._descend(rate)
        finally:
            self._shift(moves, -1)
        return result

    @torch.no_grad()
    def _ascent(self, parameter: nn.Parameter) -> Tensor | None:
        if parameter.dim() < 2 or parameter.grad is None:
            return None
        scale = self.gamma * parameter.norm() / (parameter.grad.norm() + 1e-20)
        ascent: Tensor = parameter.grad * scale
        return ascent


class SharpnessAware(_Moved):
    r"""Sharpness-aware minimisation (Foret et al., ICLR 2021, arXiv 2010.01412, algorithm 1).

    The step is SGD's at w, weight decay too, but the gradient g is that of w + v,

    .. math:: v = \rho\, g / |g| \quad\text{or, adaptive,}\quad v = \rho\, T^2 g / |T g|,

    over all parameters together; T is \|w\| entry by entry for weights, 1 for parameters of one
    dimension (Kwon et al., ICML 2021, arXiv 2102.11600, equation 8 and its section 4.1). Running
    statistics are those of the batch at w, and so are the loss and the right answers returned.
    """

    def __init__(
        self, model: nn.Module, momentum: float, weight_decay: float, rho: float, adaptive: bool
    ):
        """Prepare to train ``model``."""
        super().__init__(model, momentum, weight_decay)
        self.rho, self.adaptive = rho, adaptive

    def step(self, gradient: Gradient, rate: float, epoch: int) -> tuple[Tensor, Tensor]:
        """Move the weights by one batch, with the gradient at the sharpest weights nearby."""
        result = gradient()
        with restored(self.parameters):
            self._shift(self._ascent(), 1)
            with untouched(self.model, "train", freeze=False):
                gradient()
        self._descend(rate)
        return result

    @torch.no_grad()
    def _ascent(self) -> list[Tensor | None]:
        scales = [
            p.abs() if self.adaptive and p.dim() > 1 else torch.ones_like(p)
            for p in self.parameters
        ]
        slopes = [
            None if p.grad is None else scale * p.grad
            for p, scale in zip(self.parameters, scales, strict=True)
        ]
        sizes = [slope.norm() for slope in slopes if slope is not None]
        share = self.rho / (torch.stack(sizes).norm() + 1e-12)
        return [
            None if slope is None else share * scale * slope
            for slope, scale in zip(slopes, scales, strict=True)
        ]


@dataclass(frozen=True)
class Langevin:
    """Settings of :class:`LocalEntropy`, by the letters of its description.

    Attributes:
        inner_steps: L.
        scope: gamma.
        noise: epsilon there.
        averaging: alpha.
        outer_step: eta gamma.
    """

    inner_steps: int
    scope: float
    noise: float
    averaging: float
    outer_step: float


class LocalEntropy(Descent):
    """Entropy-SGD (Chaudhari et al. 2017, arXiv 1611.01838, algorithm 1).

    Langevin steps x' <- x' - eta' (grad f(x') - gamma (x - x')) + sqrt(eta') noise N(0, I), one a
    batch, keep a running mean mu <- (1 - alpha) mu + alpha x'; after L of them, and at the end of
    an epoch, the weights x move to x - eta gamma (x - mu). The learning rate is eta', and f has the
    weight decay in it.
    """

    def __init__(
        self,
        model: nn.Module,
        weight_decay: float,
        settings: Langevin,
        generator: torch.Generator,
    ):
        """Prepare to train ``model``.

        Args:
            model: the network.
            weight_decay: lambda.
            settings: the others.
            generator: of the thermal noise.
        """
        super().__init__(model, 0.0, weight_decay)
        self.settings = settings
        self.generator = generator
        self.outer: list[Tensor] = []
        self.mean: list[Tensor] = []
        self.taken = 0

    @torch.no_grad()
    def step(self, gradient: Gradient, rate: float, epoch: int) -> tuple[Tensor, Tensor]:
        """One Langevin step, and the outer one where it is due."""
        with torch.enable_grad():
            result = gradient()
        settings = self.settings
        if self.taken == 0:
            self.outer = [parameter.clone() for parameter in self.parameters]
            self.mean = [parameter.clone() for parameter in self.parameters]
        for parameter, outer, mean in zip(self.parameters, self.outer, self.mean, strict=True):
            if parameter.grad is None:  # frozen, or unused: it stays, as torch's SGD lets it
                continue
            slope = parameter.grad + self.weight_decay * parameter
            slope -= settings.scope * (outer - parameter)
            draw = torch.randn(
                parameter.shape, generator=self.generator, device=self.generator.device
            ).to(parameter)
            parameter.add_(slope, alpha=-rate).add_(draw, alpha=math.sqrt(rate) * settings.noise)
            mean.lerp_(parameter, settings.averaging)
        self.taken += 1
        if self.taken == settings.inner_steps:
            self.end_epoch()
        return result

    @torch.no_grad()
    def end_epoch(self) -> None:
        """The outer step."""
        if self.taken == 0:
            return
        for parameter, outer, mean in zip(self.parameters, self.outer, self.mean, strict=True):
            parameter.copy_(outer.lerp_(mean, self.settings.outer_step))
        self.taken = 0

    def state(self) -> dict[str, Tensor]:
        """Outer weights, mean, and how many steps were taken since the last outer one."""
        if self.taken == 0:
            return {}
        pairs = enumerate(zip(self.outer, self.mean, strict=True))
        tensors = {f"{kind}.{i}": value for i, pair in pairs
                   for kind, value in zip(("outer", "mean"), pair, strict=True)}  # fmt: skip
        return tensors | {"taken": torch.tensor(self.taken)}

    def load(self, state: dict[str, Tensor]) -> None:
        """Take up what :meth:`state` gave."""
        self.taken = int(state.get("taken", 0))
        if self.taken:
            self.outer = [torch.empty_like(p).copy_(state[f"outer.{i}"])
                          for i, p in enumerate(self.parameters)]  # fmt: skip
            self.mean = [torch.empty_like(p).copy_(state[f"mean.{i}"])
                         for i, p in enumerate(self.parameters)]  # fmt: skip
