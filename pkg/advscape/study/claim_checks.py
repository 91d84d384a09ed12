"""Whether an experiment measures what its claims are about."""

from collections.abc import Sequence

from advscape.errors import ConfigError, shown
from advscape.study.cells import Cell
from advscape.study.config.claim import ClaimConfig, Select
from advscape.study.config.study import (
    GivenExperiment,
    LinearExperiment,
    NetworkExperiment,
    TrainedExperiment,
)


def check_claim(
    at: str,
    claim: ClaimConfig,
    experiment: LinearExperiment | NetworkExperiment,
    cells: Sequence[Cell],
) -> None:
    """A claim must be about something that the experiment measures.

    Args:
        at: the key of the claim's section select.
        claim: one of the experiment's.
        experiment: the experiment.
        cells: of an experiment with checkpoints, one for each run.

    Raises:
        ConfigError: it is about something else.
    """
    select = claim.select
    _check_cells(at, select, experiment, cells)
    arms: list[str]
    if isinstance(experiment, LinearExperiment):
        arms = list(experiment.grid.noise)
    else:
        arms = [experiment.noise]
    if select.noise not in arms:
        raise ConfigError(f"{at}.noise", shown(select.noise), ", ".join(arms))
    if claim.quantity == "rise":
        if select.attack is None:
            raise ConfigError(f"{at}.attack", "nothing", "none, frozen or regenerated, for rise")
        if isinstance(experiment, NetworkExperiment):
            _check_rise(at, claim, experiment)
        return
    if claim.quantity == "finite_scale":
        _check_scale(at, select, experiment)
        return
    parts = ["total"]
    if select.loss == "adversarial":
        parts = ["frozen", "response", "total"]
        if isinstance(experiment, NetworkExperiment):
            parts += ["gauss-newton", "functional"]
    if select.hessian not in parts:
        allowed = f"{', '.join(parts)}, for the {select.loss} loss of this model"
        raise ConfigError(f"{at}.hessian", shown(select.hessian), allowed)


def _check_cells(
    at: str,
    select: Select,
    experiment: LinearExperiment | NetworkExperiment,
    cells: Sequence[Cell],
) -> None:
    """Of networks already trained a claim needs epsilons, and one network for each and a seed.

    Raises:
        ConfigError: there are none, or several; or the networks are trained here, and have none.
    """
    keys = ("label", "epoch")
    _check_variant(f"{at}.variant", select.variant, experiment)
    if not isinstance(experiment, GivenExperiment):
        for key in keys:
            if getattr(select, key) is not None:
                given = shown(getattr(select, key))
                raise ConfigError(f"{at}.{key}", given, "nothing, but with checkpoints")
        return
    chosen = [
        cell
        for cell in cells
        if all(getattr(select, key) in (None, getattr(cell, key)) for key in keys)
    ]
    if all(cell.epsilon is None for cell in chosen):
        allowed = "some with one, since claims are about it"
        raise ConfigError(at, "checkpoints without an epsilon", allowed)
    for key in keys:
        values = list(dict.fromkeys(getattr(cell, key) for cell in chosen))
        if len(values) > 1:
            named = ", ".join(str(value) for value in values if value is not None)
            raise ConfigError(f"{at}.{key}", "nothing", f"one of {named}: one network for each run")


def _check_variant(
    at: str, given: str | None, experiment: LinearExperiment | NetworkExperiment
) -> None:
    """Where there are variants a claim is about one of them.

    Raises:
        ConfigError: it is not; or there are none.
    """
    variants = experiment.trainings if isinstance(experiment, TrainedExperiment) else {None: None}
    if given not in variants:
        named = ", ".join(name for name in variants if name is not None)
        raise ConfigError(at, shown(given), named or "nothing, but with variants")


def _check_scale(at: str, select: Select, experiment: LinearExperiment | NetworkExperiment) -> None:
    """The finite scale that a claim is about must be there.

    Raises:
        ConfigError: it is not.
    """
    if not isinstance(experiment, NetworkExperiment):
        quantity = at.removesuffix("select") + "quantity"
        raise ConfigError(quantity, "'finite_scale'", "lambda_max and others for linear models")
    if select.attack not in ("frozen", "regenerated"):
        raise ConfigError(
            f"{at}.attack", shown(select.attack), "frozen or regenerated, for finite_scale"
        )
    scales = experiment.curvature.finite_scale.radii
    if select.scale not in scales:
        allowed = f"{', '.join(f'{scale:g}' for scale in scales)}, which curvature measures"
        raise ConfigError(f"{at}.scale", shown(select.scale), allowed)
    if select.split not in experiment.curvature.splits:
        allowed = f"{', '.join(experiment.curvature.splits)}, which curvature measures"
        raise ConfigError(f"{at}.split", shown(select.split), allowed)


def _check_rise(at: str, claim: ClaimConfig, experiment: NetworkExperiment) -> None:
    """The lines that a claim is about must be there.

    Raises:
        ConfigError: they are not.
    """
    landscape = experiment.landscape
    for key, there in (
        ("attack", landscape.attacks),
        ("direction", landscape.directions),
        ("split", landscape.splits),
    ):
        given = getattr(claim.select, key)
        if given not in there:
            allowed = f"{', '.join(there)}, which the landscape has"
            raise ConfigError(f"{at}.{key}", shown(given), allowed)
