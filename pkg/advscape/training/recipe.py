"""From a config's training section to a recipe."""

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from advscape.attacks.build import build_attack
from advscape.seeds import stream
from advscape.threat import ThreatModel
from advscape.training.augment import Augmentation
from advscape.training.objectives import Adversarial, Objective, Trades, divergence
from advscape.training.schedule import rate_course
from advscape.training.train import Recipe
from advscape.training.updates import AdversarialWeights, Descent, LocalEntropy


def build_recipe(
    settings: dict[str, Any],
    compute: dict[str, Any],
    threat: ThreatModel,
    model: nn.Module,
    seed: int,
) -> Recipe:
    """Make what :func:`advscape.training.train.train` needs.

    Args:
        settings: the config's training section, with its defaults filled in.
        compute: the config's compute section.
        threat: the threat model at the run's epsilon.
        model: on its device.
        seed: the run's.
    """
    return Recipe(
        settings["epochs"],
        settings["batch_size"],
        settings["learning_rate"],
        rate_course(settings["schedule"]),
        _objective(settings, threat),
        _update(settings, model, seed),
        Augmentation(**settings["augmentation"]),
        compute["precision"] == "bfloat16",
        compute["precision"] == "tf32",
    )


def _objective(settings: dict[str, Any], threat: ThreatModel) -> Objective:
    attack, smoothing = build_attack(settings["attack"], threat), settings["label_smoothing"]
    if settings["objective"]["name"] == "trades":
        batch_norm = settings["attack_batch_norm"] or "eval"
        attack = replace(attack, start="near", loss=divergence)
        return Trades(attack, batch_norm, smoothing, settings["objective"]["beta"])
    return Adversarial(attack, settings["attack_batch_norm"] or "train", smoothing)


def _update(settings: dict[str, Any], model: nn.Module, seed: int) -> Descent:
    options = {name: value for name, value in settings["objective"].items() if name != "name"}
    momentum, decay = settings["momentum"], settings["weight_decay"]
    if settings["objective"]["name"] == "awp":
        return AdversarialWeights(model, momentum, decay, **options)
    if settings["objective"]["name"] == "entropy_sgd":
        device = next(model.parameters()).device
        generator = torch.Generator(device).manual_seed(stream(seed, "thermal noise"))
        return LocalEntropy(model, decay, **options, generator=generator)
    return Descent(model, momentum, decay)
