"""What a batch's loss is: adversarial training, TRADES, and MART."""

from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from advscape.attacks.attack import Attack
from advscape.attacks.pgd import PGD
from advscape.losses import full_precision
from advscape.models.untouched import untouched


class Objective(Protocol):
    """A batch is perturbed first; then each sample has a loss, whose mean is descended."""

    @property
    def attack(self) -> Attack:
        """What perturbs it."""

    def perturb(
        self, model: nn.Module, x: Tensor, y: Tensor, generator: torch.Generator, micro: int | None
    ) -> Tensor:
        """Perturbed inputs, shape of ``x``; at most ``micro`` samples go through at once."""

    def losses(
        self, model: nn.Module, x: Tensor, perturbed: Tensor, y: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Loss of each sample, (n,), and the outputs at the perturbed inputs."""


@dataclass(frozen=True)
class Adversarial:
    """Cross-entropy at the attacked inputs (Madry et al. 2018, arXiv 1706.06083, equation 2.1).

    Attributes:
        attack: makes the perturbed inputs.
        batch_norm: statistics while attacking, see :func:`advscape.models.untouched.untouched`.
        label_smoothing: share of the target spread over all classes.
    """

    attack: Attack
    batch_norm: Literal["eval", "train"] = "train"
    label_smoothing: float = 0.0

    def perturb(
        self, model: nn.Module, x: Tensor, y: Tensor, generator: torch.Generator, micro: int | None
    ) -> Tensor:
        """Attack the batch."""
        return self.attack(model, x, y, generator, batch_norm=self.batch_norm, micro=micro)

    def losses(
        self, model: nn.Module, x: Tensor, perturbed: Tensor, y: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Cross-entropy at the perturbed inputs."""
        outputs = model(perturbed)
        return self._cross_entropy(outputs, y), outputs

    def _cross_entropy(self, outputs: Tensor, y: Tensor) -> Tensor:
        return functional.cross_entropy(
            full_precision(outputs), y, reduction="none", label_smoothing=self.label_smoothing
        )


@dataclass(frozen=True)
class Trades(Adversarial):
    """Clean cross-entropy plus beta KL(clean || perturbed) (Zhang et al. 2019, arXiv 1901.08573,
    equation 5 with beta = 1/lambda).

    The attack maximises the divergence, from a start near the clean input, where its gradient
    vanishes (algorithm 1).

    Attributes:
        attack: PGD, with :func:`divergence` as its loss.
        beta: weight of the divergence.
    """

    attack: PGD
    beta: float = 6.0

    def perturb(
        self, model: nn.Module, x: Tensor, y: Tensor, generator: torch.Generator, micro: int | None
    ) -> Tensor:
        """Attack the batch, away from its own clean predictions."""
        with untouched(model, self.batch_norm), torch.no_grad():
            clean = torch.cat([functional.softmax(full_precision(model(part)), 1)
                               for part in x.split(micro or len(x))])  # fmt: skip
        return self.attack(model, x, clean, generator, batch_norm=self.batch_norm, micro=micro)

    def losses(
        self, model: nn.Module, x: Tensor, perturbed: Tensor, y: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Clean cross-entropy plus the weighted divergence; the gradient flows through both."""
        clean, outputs = model(x), model(perturbed)
        apart = divergence(outputs, functional.softmax(full_precision(clean), 1))
        return self._cross_entropy(clean, y) + self.beta * apart, outputs


@dataclass(frozen=True)
class Mart(Adversarial):
    r"""Boosted cross-entropy, and a divergence that counts more on samples that are missed
    (Wang et al., ICLR 2020, "Improving adversarial robustness requires revisiting misclassified
    examples", equation 12).

    .. math:: -\log p_y(x') - \log(1 - \max_{k \neq y} p_k(x'))
        + \beta\, \mathrm{KL}(p(x) \| p(x'))\, (1 - p_y(x))

    The attack climbs the cross-entropy. The gradient flows through all of it, as in the authors'
    code.

    Attributes:
        beta: lambda there.
    """

    beta: float = 5.0

    def losses(
        self, model: nn.Module, x: Tensor, perturbed: Tensor, y: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The three terms of each sample."""
        clean, outputs = model(x), model(perturbed)
        probabilities = functional.softmax(full_precision(clean), 1)
        # not 1 - p_y, which rounds to 0
        missed = probabilities.scatter(1, y[:, None], 0.0).sum(dim=1)
        boosted = self._cross_entropy(outputs, y) + _against_the_next(full_precision(outputs), y)
        return boosted + self.beta * divergence(outputs, probabilities) * missed, outputs


def _against_the_next(outputs: Tensor, y: Tensor) -> Tensor:
    """-log(1 - p_k) of the likeliest wrong class k, (n,), exact also where p_k is nearly 1."""
    wrong = outputs.scatter(1, y[:, None], -torch.inf).argmax(dim=1)
    others = outputs.scatter(1, wrong[:, None], -torch.inf)
    return outputs.logsumexp(dim=1) - others.logsumexp(dim=1)


def divergence(outputs: Tensor, probabilities: Tensor) -> Tensor:
    """KL divergence from the outputs' probabilities to others: (n,).

    A probability p that underflows to 0 adds 0 log 0 = 0, and nothing to the gradient: that of
    p log p in p is infinite there, but in a logit it is p (1 - p) (1 + log p), whose limit is 0.
    """
    # passes on no gradient, where a product would pass on 0 times infinity
    probabilities = torch.where(probabilities > 0, probabilities, 0.0)
    logarithms = functional.log_softmax(full_precision(outputs), 1)
    # logits too far apart for their difference: 0 times an infinite logarithm would not be 0
    logarithms = logarithms.clamp_min(torch.finfo(logarithms.dtype).min)
    return functional.kl_div(logarithms, probabilities, reduction="none").sum(1)
