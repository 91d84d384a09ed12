"""From an objective's section to what training does: what a batch's loss is, what moves weights."""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import nn

from advscape.attacks.attack import Attack
from advscape.attacks.pgd import PGD
from advscape.seeds import stream
from advscape.training.objectives import Adversarial, Mart, Objective, Trades, divergence
from advscape.training.updates import (
    AdversarialWeights,
    Descent,
    Langevin,
    LocalEntropy,
    SharpnessAware,
)


@dataclass(frozen=True)
class Setting:
    """What every objective is made in.

    Attributes:
        model: the network, on its device.
        attack: the attack inside training.
        attack_batch_norm: statistics that batch norm uses while attacking; None leaves it to the
            objective.
        label_smoothing: share of the target spread over all classes.
        momentum: of SGD.
        weight_decay: of SGD, on all parameters.
        seed: the run's.
    """

    model: nn.Module
    attack: Attack
    attack_batch_norm: Literal["train", "eval"] | None
    label_smoothing: float
    momentum: float
    weight_decay: float
    seed: int

    def generator(self, use: str) -> torch.Generator:
        """A random stream of the run's, named by its use, where the model is."""
        device = next(self.model.parameters()).device
        return torch.Generator(device).manual_seed(stream(self.seed, use))


@dataclass(frozen=True)
class Treatment:
    """What an objective does in training: the loss of a batch, and how it moves the weights."""

    objective: Objective
    update: Descent


def adversarial(setting: Setting) -> Treatment:
    """Adversarial training (Madry et al. 2018, arXiv 1706.06083) by SGD."""
    update = Descent(setting.model, setting.momentum, setting.weight_decay)
    return Treatment(_cross_entropy(setting), update)


def trades(setting: Setting, beta: float) -> Treatment:
    """TRADES (Zhang et al. 2019, arXiv 1901.08573); its attack, a PGD, climbs the divergence.

    Raises:
        TypeError: the attack is not PGD.
    """
    if not isinstance(setting.attack, PGD):
        raise TypeError("attack: TRADES attacks with PGD")
    attack = replace(setting.attack, start="near", loss=divergence)
    objective = Trades(attack, setting.attack_batch_norm or "eval", setting.label_smoothing, beta)
    return Treatment(objective, Descent(setting.model, setting.momentum, setting.weight_decay))


def mart(setting: Setting, beta: float) -> Treatment:
    """MART (Wang et al., ICLR 2020); its attack meets batch norm in eval mode, as theirs does."""
    batch_norm = setting.attack_batch_norm or "eval"
    objective = Mart(setting.attack, batch_norm, setting.label_smoothing, beta)
    return Treatment(objective, Descent(setting.model, setting.momentum, setting.weight_decay))


def sam(setting: Setting, rho: float, adaptive: bool) -> Treatment:
    """Sharpness-aware minimisation (Foret et al. 2021, arXiv 2010.01412) of the loss under attack.

    The noise is that of the weights at which the step begins.
    """
    update = SharpnessAware(setting.model, setting.momentum, setting.weight_decay, rho, adaptive)
    return Treatment(_cross_entropy(setting), update)


def awp(setting: Setting, gamma: float, warmup: int) -> Treatment:
    """Adversarial weight perturbation (Wu et al. 2020, arXiv 2004.05884)."""
    update = AdversarialWeights(
        setting.model, setting.momentum, setting.weight_decay, gamma, warmup
    )
    return Treatment(_cross_entropy(setting), update)


def entropy_sgd(
    setting: Setting,
    inner_steps: int,
    scope: float,
    noise: float,
    averaging: float,
    outer_step: float,
) -> Treatment:
    """Entropy-SGD on the adversarial loss (Chaudhari et al. 2017, arXiv 1611.01838)."""
    settings = Langevin(inner_steps, scope, noise, averaging, outer_step)
    generator = setting.generator("thermal noise")
    update = LocalEntropy(setting.model, setting.weight_decay, settings, generator)
    return Treatment(_cross_entropy(setting), update)


def _cross_entropy(setting: Setting) -> Adversarial:
    return Adversarial(
        setting.attack, setting.attack_batch_norm or "train", setting.label_smoothing
    )
