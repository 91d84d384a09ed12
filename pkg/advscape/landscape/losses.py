"""A network's losses at points of a landscape, with and without noise."""

import logging
import math
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from advscape.attacks.attack import Attack
from advscape.attacks.perturb import perturb
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.proof import UnprovenHessian
from advscape.evaluation.evaluate import score
from advscape.evaluation.finite import NotFinite
from advscape.landscape.directions import Direction
from advscape.models.kinks import has_kinks

_LOG = logging.getLogger("advscape.landscape")


class Losses:
    """Losses of samples at wherever the model is; made at the trained weights.

    Args:
        model: at its trained weights.
        x: (n, ...) inputs.
        y: (n,) labels.
        attack: what perturbs them.
        attack_seed: of its draws, the same at every point.
        batch_size: samples that go through the model at once.
        split: the samples in a word, for errors.

    Raises:
        NotFinite: the trained network's outputs are not finite.
    """

    def __init__(
        self,
        model: nn.Module,
        x: Tensor,
        y: Tensor,
        attack: Attack,
        attack_seed: int,
        batch_size: int,
        split: str,
    ):
        """Attack the samples."""
        self._model, self._x, self._y, self._size = model, x, y, batch_size
        self._attack, self._seed = attack, attack_seed
        score(model, x, y, batch_size, f"{split} images")
        self._inputs = {"none": x, "frozen": self._perturbed()}
        score(model, self._inputs["frozen"], y, batch_size, f"attacked {split} images")

    def here(self, attack: str) -> dict[str, float | None]:
        """Loss and accuracy under an attack; None where the weights make outputs overflow."""
        inputs = self._inputs.get(attack)
        inputs = self._perturbed() if inputs is None else inputs
        try:
            found = score(self._model, inputs, self._y, self._size)
        except NotFinite as error:
            _LOG.warning("a point without a value, attack %s: %s", attack, error)
            return {"loss": None, "accuracy": None, "n": len(self._y)}
        loss = found.loss if math.isfinite(found.loss) else None
        return {"loss": loss, "accuracy": found.accuracy, "n": found.n}

    @cached_property
    def _kinks(self) -> bool:
        return has_kinks(self._model, self._x[:2])

    def bend(self, found: dict[str, dict[str, Any]], direction: Direction) -> None:
        """Add d^T H d at the trained weights to the results whose noise is held."""
        model = self._model
        for attack in found.keys() & self._inputs:
            operator = HessianOperator(model, self._inputs[attack], self._y, self._size)
            try:
                found[attack]["curvature"] = along(operator, model, direction)
            except UnprovenHessian as error:
                _LOG.warning("d^T H d is left out: %s", error)
            found[attack]["kinks"] = self._kinks

    def _perturbed(self) -> Tensor:
        return perturb(self._model, self._x, self._y, self._attack, self._seed, self._size)


def along(operator: HessianOperator, model: nn.Module, direction: Direction) -> float:
    """d^T H d of a direction over parameters."""
    pieces = [
        direction.get(name, torch.zeros_like(p)).reshape(-1)
        for name, p in model.named_parameters()
        if p.requires_grad
    ]
    vector = torch.cat(pieces)
    return float(vector.double() @ (operator @ vector).double())
