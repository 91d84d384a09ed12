"""Stage `strength` of a network experiment: PGD and worst cases against much longer searches."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from advscape.evaluation.checks import Check, check_rows
from advscape.evaluation.long_attack import pgd_near_long_pgd
from advscape.references import imported
from advscape.seeds import stream
from advscape.sharpness.long_ascent import RESTARTS, long_steps, near_long_ascent
from advscape.stages.job import Job
from advscape.stages.record import changed
from advscape.stages.run import NetworkRun, load_run
from advscape.stages.sharpness_network import prepared
from advscape.tables.rows import rows_of

if TYPE_CHECKING:
    from advscape.attacks.pgd import PGD
    from advscape.study.config.evaluation import NetworkEvaluation
    from advscape.study.config.sharpness import NetworkSharpness
    from advscape.study.config.study import NetworkExperiment

#: at most so many test samples are attacked
SAMPLES = 256
_LOG = logging.getLogger("advscape.strength")


def strength_network(
    job: Job[NetworkExperiment], dataset: str | Path, weights: str | Path
) -> pd.DataFrame:
    """Hold the study's PGD and its worst-case sharpness against much longer searches.

    Args:
        job: config sections dataset, model, threat, evaluation, sharpness and compute; cell: one
            run.
        dataset: the prepared dataset.
        weights: the trained weights.

    Returns:
        Rows of sanity.csv.
    """
    run, sections = load_run(job, dataset, weights), job.sections
    rows: list[dict[str, Any]] = []
    for split, check in (
        *_attacks(run, sections.evaluation),
        *_ascents(run, sections.sharpness),
    ):
        _LOG.info("%s, %s: %.3g", split, check.check, check.value)
        rows += check_rows([check], {**run.key, "split": split})
    return rows_of(rows, run.key)


def _attacks(run: NetworkRun, settings: NetworkEvaluation) -> Iterator[tuple[str, Check]]:
    judges = [cast("PGD", run.attack(each)) for each in settings.attacks if each.name == "pgd"]
    if judges and run.threat.epsilon > 0:
        size = min(SAMPLES, settings.samples or SAMPLES)
        x, y = run.samples("test", size, "strength samples")
        yield (
            "test",
            pgd_near_long_pgd(
                run.model, x, y, judges, stream(run.seed, "strength"), settings.batch_size,
                run.bfloat16,
            ),
        )  # fmt: skip


def _ascents(run: NetworkRun, settings: NetworkSharpness) -> Iterator[tuple[str, Check]]:
    if not settings.ascents:
        return
    for split in settings.splits:
        network = prepared(run, settings, split)
        for ascent in settings.ascents:
            measure = imported(ascent.made_by)
            options = {key: getattr(settings, key) for key in ascent.settings}
            own = options[ascent.ascent]
            long = changed(own, steps=long_steps(own.steps), restarts=RESTARTS)
            found, further = (
                measure(network, ascent.measures, **options | {ascent.ascent: climbed})
                for climbed in (own, long)
            )
            for check in near_long_ascent(found, further):
                yield split, check
