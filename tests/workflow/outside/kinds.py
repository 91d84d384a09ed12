"""One of each kind, as a user would write it."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from advscape.attacks.random_noise import RandomNoise
from advscape.data.prepared import prepare
from advscape.figures.axis import placed
from advscape.figures.panels import Panel, picture
from advscape.losses import precise_losses
from advscape.models.restored import moved
from advscape.sharpness.estimate import Sharpness
from advscape.sharpness.network import Found
from advscape.statistics.decide import Outcome, bound_of
from advscape.threat import ThreatModel
from advscape.training.objectives import Adversarial
from advscape.training.treatment import Treatment
from advscape.training.updates import Descent


def stripes(root, path):
    """Three classes of 4 x 4 images: a bright column each, with noise."""
    labels = np.arange(90) % 3
    images = np.random.default_rng(0).integers(0, 80, (90, 4, 4)).astype(np.uint8)
    images[np.arange(90), :, labels] += 150
    return prepare([(images, labels)], "dataset stripes")


def perceptron(classes, shape, hidden):
    pixels = int(np.prod(shape))
    return nn.Sequential(
        nn.Flatten(), nn.Linear(pixels, hidden), nn.Tanh(), nn.Linear(hidden, classes)
    )


def halfway(threat, share):
    return RandomNoise(ThreatModel(threat.norm, share * threat.epsilon, threat.box))


@dataclass(frozen=True)
class SquaredError(Adversarial):
    scale: float = 1.0

    def losses(self, model, x, perturbed, y):
        outputs = model(perturbed)
        target = functional.one_hot(y, outputs.shape[1]).to(outputs)
        return self.scale * (outputs - target).square().sum(1), outputs


def squared(setting, scale):
    objective = SquaredError(setting.attack, scale=scale)
    return Treatment(objective, Descent(setting.model, setting.momentum, setting.weight_decay))


def constant():
    return lambda step, steps: 1.0


def shrunk(network, measures, balls):
    """The rise at weights that are a tenth shorter."""
    (names, inputs), *_ = network.inputs.items()
    before = inputs.values(precise_losses)
    step = -0.1 * torch.cat([p.detach().reshape(-1) for p in network.parameters])
    with moved(network.parameters, step):
        rise = float(inputs.values(precise_losses) - before)
    nan = float("nan")
    found = Sharpness(rise, nan, nan, 1, len(network.y))
    yield Found(names, "shrunk", balls[0], 0.1, found)


def weights(place, kind, seed):
    return {name: p.detach().clone() for name, p in place.model.named_parameters()}


def shrinks(effects, claim):
    return Outcome(1.0, bool((effects.values < bound_of(claim)).all()), False)


def losses_figure(runs, title):
    rows, axis = placed(runs)
    rows = rows.assign(x=axis.x(rows["at"]), y=rows["train_loss"])
    return picture([Panel("", "training loss", rows, axis.horizontal)], title=title)
