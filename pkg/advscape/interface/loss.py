"""A network's adversarial loss, and what it is asked for.

>>> import torch, advscape
>>> rng = torch.Generator().manual_seed(0)
>>> x = torch.rand(40, 4, generator=rng)
>>> y = (x[:, 1] > x[:, 0]).long()
>>> model = torch.nn.Linear(4, 2, dtype=torch.float64)
>>> _ = model.load_state_dict({"weight": torch.eye(4)[:2], "bias": torch.zeros(2)})
>>> loss = advscape.AdversarialLoss(model, x, y, norm="l2", epsilon=0.1)
>>> print(f"{loss.value.value:.3f} +- {loss.value.stderr:.3f} over {loss.value.n} samples")
0.634 +- 0.014 over 40 samples
>>> top = loss.hessian("total").eigenvalues(largest=2)
>>> top.converged
True
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor, nn

from advscape.attacks.kkt import input_gradient, stationarity
from advscape.attacks.perturb import perturb
from advscape.attacks.samples import AttackedSamples
from advscape.curvature.ahead import step_ahead
from advscape.curvature.approach import brought_to_maxima
from advscape.curvature.gauss_newton import GaussNewtonOperator
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.maxima import Maxima
from advscape.curvature.operator import CurvatureOperator
from advscape.curvature.optimality import Optimality as Examined
from advscape.curvature.optimality import attack_optimality
from advscape.curvature.response import ResponseOperator
from advscape.curvature.total import TotalOperator
from advscape.errors import shown
from advscape.evaluation.evaluate import SampleScores, sample_scores
from advscape.interface.answering import answering
from advscape.interface.arguments import one_of, whole
from advscape.interface.attack import PGD
from advscape.interface.hessian import Hessian, _Made
from advscape.interface.landscape import Landscape, scan
from advscape.interface.means import mean, optimality
from advscape.interface.network import copied, made_ready
from advscape.interface.records import Mean, Optimality
from advscape.interface.samples import Batches, read
from advscape.interface.sharpness import measured
from advscape.landscape.catalogue import Noise
from advscape.seeds import stream
from advscape.sharpness.estimate import Sharpness
from advscape.threat import ThreatModel

#: which Hessian
Term = Literal["clean", "frozen", "response", "total", "gauss-newton"]
_TERMS = ("clean", "frozen", "response", "total", "gauss-newton")


@dataclass(frozen=True)
class _Response:
    """How the attack is brought to its maxima, and its response solved: a study's defaults."""

    refine_steps: int = 200
    polish_steps: int = 30
    kkt_tol: float = 1e-4
    cg_tolerance: float = 1e-3
    cg_steps: int = 100


_HOW = _Response()


class AdversarialLoss:
    r"""The mean over samples of the largest loss inside a threat model, and what bends it.

    .. math:: L(w) = \tfrac1n \sum_i \max_{\delta \in \Delta} \ell(w, x_i + \delta)

    The loss is cross-entropy in nats (logistic with a single logit), in eval mode. The network is
    copied: the one that is given is left as it is, and what is done to it later changes nothing
    here. Everything happens on the network's device.

    Args:
        model: gives (n, classes) logits; float32 or float64.
        x: (n, ...) inputs, or a DataLoader of (inputs, labels), which is read once. Inputs and
            their perturbed copies are held on the device; graphs only of one batch at a time.
        y: (n,) labels; nothing with a DataLoader.
        norm: of the perturbations, l2 or linf.
        epsilon: their largest length, in the units of ``x``; 0 is the clean loss.
        attack: what looks for the maxima; 20 steps unless given.
        box: keep perturbed inputs in [0, 1].
        normalise: means and standard deviations of the channels: the network is then fed
            (x - mean) / std, and epsilon stays in the units of ``x``.
        batch_size: samples that go through the network at once; a DataLoader's largest batch or 256
            unless given. Where memory does not hold them, fewer.
        seed: of every draw.

    Raises:
        ValueError: an argument is out of its range, or the network is one whose numbers would not
            be right; one line says which and why.
    """

    def __init__(
        self,
        model: nn.Module,
        x: Tensor | Batches,
        y: Tensor | None = None,
        *,
        norm: Literal["l2", "linf"],
        epsilon: float,
        attack: PGD | None = None,
        box: bool = False,
        normalise: tuple[Sequence[float], Sequence[float]] | None = None,
        batch_size: int | None = None,
        seed: int = 0,
    ):
        """Copy the network, read the samples, and try one on a few of the others.

        Raises:
            ValueError: see the class.
        """
        self._threat = ThreatModel(norm, epsilon, box)
        attack = PGD() if attack is None else attack
        if not isinstance(attack, PGD):
            raise ValueError(f"attack: got {type(attack).__name__}; allowed: advscape.PGD")
        self._attack, self._seed = attack._within(self._threat), seed
        whole("seed", seed, 0)
        if batch_size is not None:
            whole("batch_size", batch_size, 1)
        if not isinstance(model, nn.Module):
            raise ValueError(f"model: got {type(model).__name__}; allowed: a torch.nn.Module")
        like = next(model.parameters(), torch.empty(0))
        self._x, self._y, largest = read(x, y, like, seed)
        self._size = batch_size or largest
        if box and not 0 <= float(self._x.min()) <= float(self._x.max()) <= 1:
            raise ValueError(
                f"x: got inputs from {float(self._x.min()):g} to {float(self._x.max()):g} with a "
                "box; allowed: 0 to 1"
            )
        with answering("model"):
            self._model = copied(model, tuple(self._x.shape[1:]))
            made_ready(self._model, model, self._x, self._y, normalise, epsilon > 0)

    def __repr__(self) -> str:
        return (
            f"AdversarialLoss({type(self._model).__name__}, n={len(self._y)}, "
            f"norm={self._threat.norm!r}, epsilon={self._threat.epsilon:g})"
        )

    @cached_property
    def value(self) -> Mean:
        """The mean loss at the attack's outcome, a lower bound of that at the maxima."""
        return mean(self._scores.loss)

    @cached_property
    def accuracy(self) -> Mean:
        """The share of samples that are classified right under attack."""
        return mean(self._scores.correct)

    @cached_property
    def optimality(self) -> Optimality:
        """How near the attack is to maxima of the loss, and what these are.

        Raises:
            ValueError: epsilon is 0; or second derivatives cannot be shown to be right.
        """
        self._needs_noise("optimality")
        with answering("optimality"):
            start, found = self._attacked, self._examined
            slope = input_gradient(self._model, start.perturbed, start.y)
            residuals = stationarity(slope, start.delta, start.x, start.threat)
        return optimality(residuals, self._scores.loss, found)

    def hessian(self, term: Term, *, parameters: str = "*") -> Hessian:
        """The Hessian of the mean loss over parameters that are trained, no weight decay.

        All but the clean one are at the maxima that the attack's outcome is near. Frozen holds the
        noise while the weights move; response is what the noise adds by following them; total is
        their sum. These two are means over the samples at strict maxima. Gauss-newton is the part
        of frozen that is left for a network linear in its weights.

        Args:
            term: clean, frozen, response, total or gauss-newton.
            parameters: a pattern of names, such as ``"layer4.*"`` or ``"*weight"``.

        Raises:
            ValueError: no such term; no parameter of such a name; epsilon is 0 and has no response;
                fewer than half of the samples are at strict maxima; or second derivatives cannot be
                shown to be right.
        """
        one_of("term", term, _TERMS)
        if not isinstance(parameters, str):
            raise ValueError(f"parameters: got {shown(parameters)}; allowed: a pattern of names")
        chosen = {
            name: p
            for name, p in self._model.named_parameters()
            if p.requires_grad and fnmatchcase(name, parameters)
        }
        if not chosen:
            names = [name for name, p in self._model.named_parameters() if p.requires_grad]
            raise ValueError(
                f"parameters: got {parameters!r}, which matches none; there are "
                f"{', '.join(names[:5])}{', ...' if len(names) > 5 else ''}"
            )
        if term == "response":
            self._needs_noise("response")
        with answering(term):
            operator, further, n = self._operators(term, list(chosen.values()))
        return Hessian(term, tuple(chosen), n, _Made(operator, further, self._generator))

    def landscape(
        self,
        *,
        directions: str = "filter-normalised",
        seeds: int = 1,
        attack: Noise = "regenerated",
        radius: float = 1.0,
        points: int = 21,
    ) -> Landscape:
        """The loss along random directions in weight space.

        Args:
            directions: raw, gaussian, layer-normalised or filter-normalised; see
                :func:`advscape.landscape.directions.random_direction`.
            seeds: how many directions.
            attack: none (the clean loss), frozen (the noise of the weights as they are), or
                regenerated (the attack made again at every point).
            radius: largest step, in units of the direction.
            points: steps from -radius to radius; odd, so that 0 is one.

        Raises:
            ValueError: an argument is out of its range; or outputs are not finite at the weights.
        """
        with answering("landscape"):
            return scan(
                self._model, self._x, self._y, self._attack, self._attack_seed, self._size,
                self._seed, directions=directions, seeds=seeds, noise=attack, radius=radius,
                points=points,
            )  # fmt: skip

    def sharpness(
        self,
        measure: str,
        *,
        radius: float | None = None,
        ball: Literal["l2", "linf"] = "linf",
        draws: int = 10,
        steps: int = 6,
        restarts: int = 2,
    ) -> Sharpness:
        """How much the loss rises when the weights are moved.

        The noise is held while they move; robust_average and robust_worst attack again.

        Args:
            measure: average, worst, adaptive_average, adaptive_worst, normalised_average,
                normalised_worst, robust_average, robust_worst or weight_curvature; docs/tables.md
                defines them.
            radius: size of the moves; none for weight_curvature.
            ball: norm of the moves; robust_* are L2 in each layer.
            draws: random weights of an average, or probes of weight_curvature; 2 or more.
            steps: of each ascent of a worst case.
            restarts: ascents, of which the best counts.

        Raises:
            ValueError: an argument is out of its range; or outputs are not finite at the weights.
        """
        with answering("sharpness"):
            return measured(
                self._model, self._attacked, self._attack, self._attack_seed, self._size,
                self._generator, measure=measure, radius=radius, ball=ball, draws=draws,
                steps=steps, restarts=restarts,
            )  # fmt: skip

    def _generator(self, name: str) -> torch.Generator:
        return torch.Generator(self._x.device).manual_seed(stream(self._seed, name))

    @property
    def _attack_seed(self) -> int:
        return stream(self._seed, "attack")

    def _needs_noise(self, what: str) -> None:
        if self._threat.epsilon == 0:
            raise ValueError(f"{what}: got epsilon 0; allowed: above 0, nothing responds without")

    @cached_property
    def _attacked(self) -> AttackedSamples:
        with answering("attack"):
            perturbed = perturb(
                self._model, self._x, self._y, self._attack, self._attack_seed, self._size
            )
        return AttackedSamples(self._x, perturbed, self._y, self._threat)

    @cached_property
    def _scores(self) -> SampleScores:
        with answering("value"):
            return sample_scores(
                self._model, self._attacked.perturbed, self._y, self._size, "attacked inputs"
            )

    @cached_property
    def _at_maxima(self) -> AttackedSamples:
        if self._threat.epsilon == 0:
            return self._attacked
        return brought_to_maxima(self._model, self._attacked, _HOW, self._size)

    @cached_property
    def _examined(self) -> Examined:
        return attack_optimality(self._model, self._at_maxima, _HOW.kkt_tol, self._size)

    @cached_property
    def _ahead(self) -> Maxima:
        return step_ahead(self._model, self._at_maxima, self._examined, self._size)

    def _operators(
        self, term: Term, parameters: list[nn.Parameter]
    ) -> tuple[CurvatureOperator, ResponseOperator | None, int]:
        """The term's operator, the same a step nearer to the maxima, and its samples.

        Raises:
            ValueError: too few samples are at strict maxima.
        """
        model, y, size = self._model, self._y, self._size
        if term == "clean":
            return HessianOperator(model, self._x, y, size, parameters), None, len(y)
        perturbed = self._at_maxima.perturbed
        if term == "gauss-newton":
            return GaussNewtonOperator(model, perturbed, y, size, parameters), None, len(y)
        if term == "frozen" or self._threat.epsilon == 0:
            return HessianOperator(model, perturbed, y, size, parameters), None, len(y)
        found = self._examined
        if not found.measurable:
            counts = ", ".join(f"{n} {kind}" for kind, n in found.counts().items() if n)
            raise ValueError(
                f"{term}: {found.n_valid} of {len(y)} samples are at strict maxima ({counts}); "
                "allowed: half of them or more; frozen can be measured"
            )
        kind = TotalOperator if term == "total" else ResponseOperator
        made = [
            kind(model, maxima, size, _HOW.cg_tolerance, _HOW.cg_steps, parameters)
            for maxima in (found.maxima, self._ahead)
        ]
        return made[0], made[1], found.n_valid
