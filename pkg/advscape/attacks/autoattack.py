"""AutoAttack (Croce and Hein 2020, arXiv 2003.01690): fra31's code as repackaged on PyPI.

The package pyautoattack is optional (``make autoattack``) and imported only where it is used.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from advscape.attacks.autoattack_images import needed_size
from advscape.errors import UserError
from advscape.models.untouched import untouched
from advscape.threat import ThreatModel

STANDARD = ("apgd-ce", "apgd-t", "fab-t", "square")
#: the targeted losses of the standard version compare four logits (fra31/auto-attack #70)
FEW_CLASSES = ("apgd-ce", "fab", "square")
_NORMS = {"l2": "L2", "linf": "Linf"}


def components(model: nn.Module, x: Tensor) -> tuple[str, ...]:
    """The attacks that a model with (n, ...) inputs ``x`` meets, in their order."""
    return STANDARD if _classes(model, x) >= 4 else FEW_CLASSES


@torch.no_grad()
def _classes(model: nn.Module, x: Tensor) -> int:
    with untouched(model):
        return int(model(x[:1]).shape[1])


@dataclass(frozen=True)
class AutoAttack:
    """An ensemble that lowers the accuracy and has nothing to tune.

    It does not raise the loss: samples that no component fools come back as they were.

    Attributes:
        threat: the set of perturbations, with the box: the package knows no other.
    """

    threat: ThreatModel

    def __post_init__(self) -> None:
        """Refuse a threat model that the package would silently make another one.

        Raises:
            ValueError: the threat model has no box.
        """
        if not self.threat.box:
            raise ValueError("threat: AutoAttack keeps inputs in [0, 1], so box must be true")

    def __call__(
        self,
        model: nn.Module,
        x: Tensor,
        y: Tensor,
        generator: torch.Generator,
        batch_norm: Literal["eval", "train"] = "eval",
        micro: int | None = None,
    ) -> Tensor:
        """Attack one batch.

        Args:
            model: gives (n, classes) logits; left as it was.
            x: (n, channels, height, width) inputs in [0, 1], float32.
            y: (n,) labels.
            generator: draws the package's seed, without which it takes the clock's.
            batch_norm: see :func:`advscape.models.untouched.untouched`.
            micro: samples that go through the model at once, all unless given.

        Returns:
            Perturbed inputs, detached, shape and dtype of ``x``.

        Raises:
            UserError: the package cannot take images of this shape.
        """
        if needed := needed_size(x.shape[1:], self.threat.norm):
            _, height, width = x.shape[1:]
            raise UserError(
                f"evaluation.attacks: got 'autoattack' for images of {height} x {width} pixels "
                f"with norm l2; allowed: {needed}"
            )
        if self.threat.epsilon == 0:
            return x.detach().clone()
        seed = int(torch.randint(2**31, (), generator=generator, device=generator.device))
        with untouched(model, batch_norm), _global_state(x.device):
            ensemble = self._ensemble(model, x, seed)
            found, _ = ensemble.run_standard_evaluation(x, y, batch_size=micro or len(x))
        perturbed: Tensor = found.detach()
        return perturbed

    def _ensemble(self, model: nn.Module, x: Tensor, seed: int) -> Any:
        import pyautoattack

        standard = components(model, x) == STANDARD
        ensemble = pyautoattack.AutoAttack(
            lambda inputs: model(inputs).float(),  # its tables of losses are float32
            norm=_NORMS[self.threat.norm],
            eps=self.threat.epsilon,
            seed=seed,
            device=x.device,
            version="standard" if standard else "custom",
            attacks=None if standard else list(FEW_CLASSES),
        )
        # nine targets are the package's; with fewer classes it would run out of them
        targets = min(9, _classes(model, x) - 1)
        ensemble.apgd_targeted.n_target_classes = ensemble.fab.n_target_classes = targets
        return ensemble


@contextmanager
def _global_state(device: torch.device) -> Iterator[None]:
    """Give back what the package takes: it seeds torch's global draws and ends tracing."""
    trace = sys.gettrace()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            yield
        finally:
            sys.settrace(trace)
