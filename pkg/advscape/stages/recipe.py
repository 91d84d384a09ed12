"""From a job's sections to the recipe of its training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advscape.stages.record import make
from advscape.training.augment import Augmentation
from advscape.training.average import Average, ExponentialAverage, StochasticAverage
from advscape.training.train import Recipe
from advscape.training.treatment import Setting, Treatment

if TYPE_CHECKING:
    from advscape.stages.run import NetworkRun
    from advscape.study.config.compute import Compute
    from advscape.study.config.states import Averaging
    from advscape.study.config.training import NetworkTraining


def build_recipe(run: NetworkRun, settings: NetworkTraining, compute: Compute) -> Recipe:
    """Make what :func:`advscape.training.train.train` needs.

    Args:
        run: gives the network, the threat model and the seed.
        settings: the config's section training.
        compute: the config's section compute.
    """
    setting = Setting(
        run.model,
        run.attack(settings.attack),
        settings.attack_batch_norm,
        settings.label_smoothing,
        settings.momentum,
        settings.weight_decay,
        run.seed,
    )
    treatment: Treatment = make(settings.objective, setting)
    return Recipe(
        settings.epochs,
        settings.batch_size,
        settings.learning_rate,
        make(settings.schedule),
        treatment.objective,
        treatment.update,
        Augmentation(settings.augmentation.padding, settings.augmentation.flip),
        compute.precision == "bfloat16",
        compute.precision == "tf32",
        _average(settings.averaging),
    )


def _average(settings: Averaging | None) -> Average | None:
    if settings is None:
        return None
    if settings.ema is not None:
        return ExponentialAverage(settings.ema)
    return StochasticAverage(getattr(settings.swa, "from"))
