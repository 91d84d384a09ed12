"""Stage `sharpness` of a network experiment: rises of the loss at moved weights."""

import logging
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from advscape.attacks.perturb import perturb
from advscape.curvature.proof import UnprovenHessian
from advscape.evaluation.evaluate import score
from advscape.losses import precise_losses
from advscape.machine.progress import track
from advscape.seeds import stream
from advscape.sharpness.average import average_sharpness
from advscape.sharpness.ball import L2Ball, LinfBall, gaussian
from advscape.sharpness.estimate import Sharpness
from advscape.sharpness.fixed_inputs import FixedInputs
from advscape.sharpness.logits import normalised_losses
from advscape.sharpness.perturbation import adaptive_scale, plain_scale
from advscape.sharpness.robust_flatness import RobustFlatness
from advscape.sharpness.weight_curvature import weight_curvature_index
from advscape.sharpness.worst import worst_sharpness
from advscape.stages.job import Job
from advscape.stages.run import NetworkRun, load_run

_LOG = logging.getLogger("advscape.sharpness")
#: scale of the weights by its name in the config
SCALES = {"plain": plain_scale, "adaptive": adaptive_scale}
#: beginnings of the measures' names in each scale, and the loss that they mean
VARIANTS = {
    "plain": {"": precise_losses},
    "adaptive": {"adaptive_": precise_losses, "normalised_": normalised_losses},
}
#: one measure, or several that share their draws
Task = Callable[[], None]


def sharpness_network(job: Job, dataset: str | Path, weights: str | Path) -> pd.DataFrame:
    """Every measure of sharpness that the config asks for.

    Over all parameters that are trained, mean over the samples, eval mode, float32, no weight
    decay. The adversarial loss is at the noise of the weights as they are, but for Stutz et al.'s
    robust flatness, which makes it anew.

    Args:
        job: config sections dataset, model, threat, sharpness and compute; cell: one run.
        dataset: the prepared dataset.
        weights: the trained weights.

    Returns:
        Rows of sharpness.csv.
    """
    run, settings = load_run(job, dataset, weights), job.config["sharpness"]
    splits = [_Split(run, settings, split) for split in settings["splits"]]
    tasks = [task for split in splits for task in split.tasks()]
    for task in track(tasks, len(tasks), "sharpness"):
        task()
    return pd.DataFrame([row for split in splits for row in split.rows])


class _Split:
    """One split of a run's samples and its rows."""

    def __init__(self, run: NetworkRun, settings: dict[str, Any], split: str):
        self.run, self.settings, self.split = run, settings, split
        self.rows: list[dict[str, Any]] = []
        self._x, self._y = run.samples(split, settings["samples"], f"sharpness samples, {split}")
        self._attack = run.attack(settings["attack"])
        self._attack_seed = stream(run.seed, "sharpness attack")
        self._perturbed = perturb(
            run.model, self._x, self._y, self._attack, self._attack_seed, settings["batch_size"]
        )
        # at the trained weights; at moved ones a value that is not finite is an empty cell
        for x, what in ((self._x, split), (self._perturbed, f"attacked {split}")):
            score(run.model, x, self._y, settings["batch_size"], f"{what} images")
        self._parameters = [p for p in run.model.parameters() if p.requires_grad]
        self._losses = self._at_inputs()

    def tasks(self) -> Iterator[Task]:
        """What there is to measure, piece by piece."""
        asked = self.settings["measures"]
        for ball in self.settings["balls"]:
            for scale, variants in VARIANTS.items():
                for case, measure in (("average", self._average), ("worst", self._worst)):
                    losses = {
                        prefix + case: loss
                        for prefix, loss in variants.items()
                        if prefix + case in asked
                    }
                    for radius in self.settings[case][ball][scale] if losses else ():
                        yield lambda m=measure, a=(ball, scale, radius, losses): m(*a)
        for name, measure in (
            ("robust_average", self._robust_average),
            ("robust_worst", self._robust_worst),
        ):
            for radius in self.settings[name]["radii"] if name in asked else ():
                yield lambda m=measure, r=radius: m(r)
        if "weight_curvature" in asked:
            yield self._weight_curvature

    def _at_inputs(self) -> dict[tuple[str, ...], FixedInputs]:
        """The losses at their inputs; at epsilon 0 both are one."""
        asked = self.settings["losses"]
        if self.run.threat.epsilon == 0:
            inputs = {tuple(asked): self._x}
        else:
            both = {"clean": self._x, "adversarial": self._perturbed}
            inputs = {(name,): both[name] for name in asked}
        return {
            names: FixedInputs(
                self.run.model, self._parameters, x, self._y, self.settings["batch_size"]
            )
            for names, x in inputs.items()
        }

    def _average(self, ball: str, scale: str, radius: float, losses: dict[str, Callable]) -> None:
        generator = self._generator(f"{scale} average, {ball}")

        def draw(like: Tensor) -> Tensor:
            if ball == "linf":
                return LinfBall(radius).draw(generator, like)
            return radius * gaussian(generator, like)

        def measure() -> Tensor:
            return torch.cat([each.values(*losses.values()) for each in self._losses.values()])

        found = average_sharpness(
            measure,
            self._parameters,
            SCALES[scale](self._parameters),
            draw,
            self.settings["average"]["draws"],
            len(self._y),
        )
        names = [(of, measure) for of in self._losses for measure in losses]
        for (of, measure), each in zip(names, found, strict=True):
            self._add(of, measure, ball, radius, each)

    def _worst(self, ball: str, scale: str, radius: float, losses: dict[str, Callable]) -> None:
        how = self.settings["worst"]
        c = SCALES[scale](self._parameters)
        region = LinfBall(radius) if ball == "linf" else L2Ball(radius, (len(c),))
        for of, inputs in self._losses.items():
            for measure, loss in losses.items():
                found = worst_sharpness(
                    lambda inputs=inputs, loss=loss: inputs.slope(loss),
                    self._parameters,
                    c,
                    region,
                    how["steps"],
                    how["restarts"],
                    self._generator(f"{scale} worst, {ball}"),
                    len(self._y),
                )
                self._add(of, measure, ball, radius, found)

    def _robust_average(self, radius: float) -> None:
        found = self._flatness(radius).average(
            self.settings["robust_average"]["draws"], self._generator("robust average")
        )
        self._add(("adversarial",), "robust_average", "layer_l2", radius, found)

    def _robust_worst(self, radius: float) -> None:
        how = self.settings["robust_worst"]
        found = self._flatness(radius).worst(
            how["steps"], how["restarts"], self._generator("robust worst")
        )
        self._add(("adversarial",), "robust_worst", "layer_l2", radius, found)

    def _flatness(self, radius: float) -> RobustFlatness:
        return RobustFlatness(
            self.run.model,
            self._x,
            self._y,
            self._attack,
            self._attack_seed,
            radius,
            self.settings["batch_size"],
        )

    def _weight_curvature(self) -> None:
        probes = self.settings["weight_curvature"]["probes"]
        try:
            found = weight_curvature_index(
                self.run.model,
                self._perturbed,
                self._y,
                self.settings["batch_size"],
                probes,
                self._generator("weight curvature"),
            )
        except (UnprovenHessian, FloatingPointError) as error:
            _LOG.warning("weight-curvature index: %s", error)
            found = Sharpness(math.nan, math.nan, math.nan, probes, len(self._y))
        self._add(("adversarial",), "weight_curvature", None, None, found)

    def _add(
        self,
        losses: tuple[str, ...],
        measure: str,
        ball: str | None,
        radius: float | None,
        found: Sharpness,
    ) -> None:
        at = "" if radius is None else f", {ball} {radius:g}"
        _LOG.info("%s, %s%s: %.5g", self.split, measure, at, found.value)
        if math.isnan(found.value):
            _LOG.warning("an empty cell: not finite at these weights or near them")
        self.rows += [
            {
                **self.run.key,
                "split": self.split,
                "loss": loss,
                "measure": measure,
                "ball": ball,
                "radius": radius,
                **vars(found),
            }
            for loss in losses
        ]

    def _generator(self, name: str) -> torch.Generator:
        """The same draws for every run of an experiment, so that their differences are paired."""
        seed = stream(self.settings["seed"], f"sharpness, {name}")
        return torch.Generator(self.run.device).manual_seed(seed)
