"""One network before all its judges: clean and under each attack, at each epsilon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from advscape.attacks.autoattack import components
from advscape.attacks.perturb import perturb
from advscape.data.split import choose
from advscape.evaluation.evaluate import SampleScores, sample_scores
from advscape.seeds import stream
from advscape.stages.run import NetworkRun

if TYPE_CHECKING:
    from advscape.study.config.attack import AttackSection
    from advscape.study.config.evaluation import NetworkEvaluation


@dataclass(frozen=True)
class Judgement:
    """What one judge found on one split at one epsilon.

    Attributes:
        section: the attack's config section; None for inputs as they are.
        epsilon: radius of the attack, 0 without one.
        chosen: (k,) places of the judged ones among the split's n samples, ascending.
        scores: of those k samples, under the attack.
        components: the attacks that AutoAttack is made of here; empty for others.
    """

    section: AttackSection | None
    epsilon: float
    chosen: Tensor
    scores: SampleScores
    components: tuple[str, ...] = ()

    @property
    def attack(self) -> str:
        """What tables call the judge."""
        return "none" if self.section is None else self.section.name

    def accuracy_on(self, chosen: Tensor) -> float:
        """Accuracy on some of the split's samples, all of them judged here."""
        return self.scores.correct[torch.isin(self.chosen, chosen)].double().mean().item()


def judgements(
    run: NetworkRun,
    model: nn.Module,
    settings: NetworkEvaluation,
    x: Tensor,
    y: Tensor,
    what: str = "images",
) -> Iterator[Judgement]:
    """Judge a network on one split, clean first, then by epsilon, ascending, and attack.

    Args:
        run: gives the threat model, its epsilon and the seed.
        model: left as it was.
        settings: the config's section evaluation.
        x: (n, ...) inputs on the device.
        y: (n,) labels.
        what: the inputs in words, for errors.

    Raises:
        NotFinite: an output is not finite, with or without an attack.
    """
    size, seed = settings.batch_size, stream(run.seed, "evaluation attack")
    everyone = torch.arange(len(y), device=y.device)
    clean = sample_scores(model, x, y, size, what)
    yield Judgement(None, 0.0, everyone, clean)
    # one epsilon where own and common are the same
    for epsilon in sorted({run.threat.epsilon, float(settings.common_epsilon)} - {0.0}):
        for section in settings.attacks:
            chosen = everyone
            if (most := getattr(section, "samples", None)) is not None:
                draw = stream(run.seed, f"{section.name} samples")
                chosen = torch.from_numpy(choose(len(y), most, draw)).to(y.device)
            parts = components(model, x) if section.name == "autoattack" else ()
            inputs, labels = x[chosen], y[chosen]
            attack = run.attack(section, epsilon)
            half = run.bfloat16 and section.name != "autoattack"  # its code is float32's
            perturbed = perturb(model, inputs, labels, attack, seed, size, half)
            attacked = f"{what} under {section.name} at epsilon {epsilon:g}"
            scores = sample_scores(model, perturbed, labels, size, attacked)
            yield Judgement(section, epsilon, chosen, scores, parts)
