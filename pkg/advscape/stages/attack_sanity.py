"""Sanity of a network's judges, on test samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from torch import Tensor, nn

from advscape.attacks.kkt import kkt_residuals
from advscape.attacks.perturb import perturb
from advscape.attacks.samples import AttackedSamples
from advscape.data.split import choose
from advscape.evaluation.checks import (
    Check,
    accuracy_falls_with_epsilon,
    autoattack_against_pgd,
    kkt_residual,
    loss_rises_with_steps,
)
from advscape.evaluation.evaluate import score
from advscape.seeds import stream
from advscape.stages.judge import Judgement
from advscape.stages.record import changed
from advscape.stages.run import NetworkRun
from advscape.threat import ThreatModel

if TYPE_CHECKING:
    from advscape.study.config.attack import AttackSection, PGDAttack
    from advscape.study.config.evaluation import NetworkEvaluation

#: samples that PGD attacks once more, with fewer steps
SAMPLES = 256


def sanity(
    run: NetworkRun,
    model: nn.Module,
    settings: NetworkEvaluation,
    x: Tensor,
    y: Tensor,
    judged: Sequence[Judgement],
) -> list[Check]:
    """Check PGD and AutoAttack; the other attacks promise nothing.

    Args:
        run: gives the threat model, its epsilon and the seed.
        model: left as it was.
        settings: the config's section evaluation.
        x: (n, ...) inputs on the device.
        y: (n,) labels.
        judged: all verdicts on these samples.
    """
    checks = []
    serious = [v for v in judged if v.attack in ("pgd", "autoattack")]
    if serious:
        checks.append(_accuracies(judged[0], serious, settings.attacks, len(y)))
    checks += _autoattack(serious)
    pgd = next((s for s in settings.attacks if s.name == "pgd"), None)
    epsilon = run.threat.epsilon or float(settings.common_epsilon)
    if pgd is not None and epsilon > 0:
        chosen = choose(len(y), SAMPLES, stream(run.seed, "sanity samples"))
        checks += _pgd(
            run, model, cast("PGDAttack", pgd), epsilon, x[chosen], y[chosen], settings.batch_size
        )
    return checks


def _accuracies(
    clean: Judgement, serious: Sequence[Judgement], attacks: Sequence[AttackSection], n: int
) -> Check:
    """Each attack's accuracy at all epsilons, from 0 on."""
    judges = []
    for section in attacks:
        found = [v for v in serious if v.section == section]
        if found:
            start = {0.0: clean.accuracy_on(found[0].chosen)}
            judges.append(start | {v.epsilon: v.accuracy_on(v.chosen) for v in found})
    return accuracy_falls_with_epsilon(judges, n)


def _autoattack(serious: Sequence[Judgement]) -> list[Check]:
    pairs, n = [], 0
    for auto in (v for v in serious if v.attack == "autoattack"):
        pgd = [v for v in serious if v.attack == "pgd" and v.epsilon == auto.epsilon]
        if pgd:
            n = len(auto.chosen)
            strongest = min(v.accuracy_on(auto.chosen) for v in pgd)
            pairs.append((auto.accuracy_on(auto.chosen), strongest))
    return autoattack_against_pgd(pairs, n) if pairs else []


def _pgd(
    run: NetworkRun,
    model: nn.Module,
    section: PGDAttack,
    epsilon: float,
    x: Tensor,
    y: Tensor,
    batch_size: int,
) -> Iterator[Check]:
    """One start, the same for every number of steps: more steps must find more loss."""
    seed, steps = stream(run.seed, "sanity attack"), section.steps
    losses = []
    for fewer in sorted({1, (steps + 1) // 2, steps}):
        attack = run.attack(changed(section, steps=fewer, restarts=1), epsilon)
        perturbed = perturb(model, x, y, attack, seed, batch_size, run.bfloat16)
        losses.append(score(model, perturbed, y, batch_size).loss)
    if len(losses) > 1:
        yield loss_rises_with_steps(losses, len(y))
    threat = ThreatModel(run.threat.norm, epsilon, run.threat.box)
    if threat.norm == "l2" and not threat.box:
        residuals = kkt_residuals(model, AttackedSamples(x, perturbed, y, threat))
        yield kkt_residual(residuals.median().item(), len(y))
