r"""Products with a network's Hessian are shown to be right before any number rests on them.

Fast layers, and torch itself, rest on assumptions about a network that no list of exceptions
covers. So each operator, on each network, has to pass two tests on a few samples, in float64:

* it is symmetric, :math:`u \cdot Hv = v \cdot Hu`;
* its products are what differences of first derivatives give, with the network's own layers
  (:mod:`advscape.curvature.first_derivatives`). In a network with kinks a difference may step over
  one; there most of several directions have to agree.

Otherwise the next of :data:`advscape.curvature.paths.PATHS` is tried. A network that rounds to half
precision has none: in float64 it is another one, and its products are off by that rounding.
"""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from advscape.curvature.first_derivatives import (
    FirstDerivatives,
    Substituted,
    cast,
    names_of,
    tensors_in,
)
from advscape.curvature.paths import PATHS, Path
from advscape.errors import in_words
from advscape.models.flat import flattened
from advscape.models.kinks import rounds_to

if TYPE_CHECKING:
    from advscape.curvature.operator import CurvatureOperator

_LOG = logging.getLogger("advscape.curvature")

#: samples of a proof
_SAMPLES = 4
#: directions, most of which must agree; without kinks the first two do
_DIRECTIONS = 5
#: steps along directions that are relative to the weights, and the largest relative error. The
#: second one is for networks of so many units (images of 224 pixels) that some have their kink
#: within the first
_STEPS, _TOLERANCE = (1e-7, 1e-9), 1e-3
#: the same where a network computes in float32 whatever it is given
_FLOAT32_STEPS, _FLOAT32_TOLERANCE = (1e-3,), 0.05
#: blocks of parameters below this share of a product are judged by this share
_SMALL = 0.01

#: a path or None, what is wrong with those before it, and whether all of them raise errors
Found = tuple[Path | None, str, bool]
_KNOWN: WeakKeyDictionary[nn.Module, dict[tuple[object, ...], Found]] = WeakKeyDictionary()


class UnprovenHessian(ArithmeticError):
    """No path's products stand the tests; the message says how each fails.

    Attributes:
        undefined: whether second derivatives cannot even be taken, on any path.
    """

    def __init__(self, complaints: str, undefined: bool):
        """Keep both."""
        super().__init__(complaints)
        self.undefined = undefined


def proven_path(operator: "CurvatureOperator") -> Path:
    """The first path on which the operator's products are right; found once for a network.

    Args:
        operator: over the parameters and samples that it is going to be used with.

    Raises:
        UnprovenHessian: there is none.
    """
    known = _KNOWN.setdefault(operator.model, {})
    key = (type(operator), *map(id, operator.parameters))
    if key not in known:
        known[key] = _find(operator)
    path, complaints, undefined = known[key]
    if path is None:
        raise UnprovenHessian(complaints, undefined)
    return path


def _find(operator: "CurvatureOperator") -> Found:
    samples = tuple(operator.telling(_SAMPLES))
    if (half := rounds_to(operator.model, samples[0])) is not None:
        name = str(half).removeprefix("torch.")
        return None, f"it computes in {name}; allowed: float32 or float64, without autocast", False
    complaints: list[str] = []
    undefined = True
    for path in PATHS:
        try:
            complaint = _complaint(operator, samples, path)
            undefined = False
        except torch.OutOfMemoryError:
            raise
        except Exception as error:
            complaint = in_words(error)
        if complaint is None:
            if complaints:
                _LOG.warning("%s: products are right with %s (%s)",
                             type(operator).__name__, path.name, "; ".join(complaints))  # fmt: skip
            return path, "; ".join(complaints), False
        complaints.append(f"not with {path.name}: {complaint}")
    return None, "; ".join(complaints), undefined


def _complaint(
    operator: "CurvatureOperator", samples: tuple[Tensor, ...], path: Path
) -> str | None:
    """What is wrong with the products on a path; None where nothing is.

    Raises:
        Exception: whatever taking them raises.
        OutOfMemoryError: memory does not hold the trial.
    """
    try:
        return _Trial(operator, samples, path, torch.float64).complaint()
    except torch.OutOfMemoryError:
        raise
    except Exception:  # a network that is bound to its own precision is tried in that
        if operator.parameters[0].dtype == torch.float64:
            raise
    return _Trial(operator, samples, path, operator.parameters[0].dtype).complaint()


class _Trial:
    """An operator on a few samples, beside its referee, in one precision."""

    def __init__(
        self,
        operator: "CurvatureOperator",
        samples: tuple[Tensor, ...],
        path: Path,
        dtype: torch.dtype,
    ):
        model = operator.model
        tensors = tensors_in(model, dtype)
        self._names = names_of(model, operator.parameters)
        weights = [tensors[name].requires_grad_(True) for name in self._names]
        samples = tuple(cast(value, dtype) for value in samples)
        wide = dtype == torch.float64
        self._tolerance = _TOLERANCE if wide else _FLOAT32_TOLERANCE
        self._small = operator.on(Substituted(model, tensors), samples, weights, path)
        self._scales = _scales(weights)
        self._referees = [
            FirstDerivatives(model, tensors, self._names, samples[0], samples[1], step)
            for step in (_STEPS if wide else _FLOAT32_STEPS)
        ]
        slopes, _ = self._referees[0].gradients()
        # weights that the loss does not depend on may stand for something else, such as signs that
        # an orthogonal parametrization rounds; their rows are compared, they are not moved
        self._moved = [slope != 0 for slope in slopes]
        if not any(moved.any() for moved in self._moved):
            self._moved = [torch.ones_like(moved) for moved in self._moved]
        slope = float(flattened(self._scaled(slopes)).norm())
        self._rounding = 100 * torch.finfo(dtype).eps * slope
        self._generator = torch.Generator().manual_seed(0)
        self._products: list[tuple[list[Tensor], list[Tensor]]] = []

    def complaint(self) -> str | None:
        """What is wrong; None where most directions agree and the products are symmetric."""
        agreed, failed, worst = 0, 0, ""
        while agreed < 2 or agreed <= failed:
            if agreed + failed == _DIRECTIONS:
                return worst
            problem = self._disagreement()
            agreed, failed, worst = agreed + (not problem), failed + bool(problem), problem or worst
        return self._asymmetry()

    def _disagreement(self) -> str | None:
        """How the product along a further direction differs from the referee's."""
        vector = [
            scale * moved * torch.randn(w.shape, generator=self._generator).to(w)
            for scale, moved, w in zip(
                self._scales, self._moved, self._small.parameters, strict=True
            )
        ]
        for referee in self._referees:
            product, expected = self._small.beside(referee, vector)
            problem = self._difference(product, expected, self._rounding / referee.step)
            if problem is None:
                # a further direction would meet the same kinks
                self._referees.sort(key=lambda other: other is not referee)
                break
        self._products.append((vector, product))
        return problem

    def _difference(
        self, product: Sequence[Tensor], expected: Sequence[Tensor], floor: float
    ) -> str | None:
        """The first block of parameters in which a product differs by more than it may."""
        given, wanted = self._scaled(product), self._scaled(expected)
        size = float(flattened(wanted).norm())
        for name, one, other in zip(self._names, given, wanted, strict=True):
            apart = float((one - other).norm())
            allowed = self._tolerance * max(float(other.norm()), _SMALL * size) + floor
            if not apart <= allowed:
                share = apart / max(float(other.norm()), 1e-300)
                return f"a product is off by {share:.2g} of its size at {name}"
        return None

    def _asymmetry(self) -> str | None:
        (u, hu), (v, hv) = self._products[:2]
        one, other = (float(flattened(a) @ flattened(b)) for a, b in ((u, hv), (v, hu)))
        sizes = [float(flattened(p).norm() * flattened(q).norm()) for p, q in ((u, hv), (v, hu))]
        if abs(one - other) <= self._tolerance * max(sizes):
            return None
        return f"products are not symmetric: {one:.6g} and {other:.6g}"

    def _scaled(self, pieces: Sequence[Tensor]) -> list[Tensor]:
        """In units in which every tensor of weights is of size 1."""
        return [scale * piece for scale, piece in zip(self._scales, pieces, strict=True)]


def _scales(weights: Sequence[Tensor]) -> list[float]:
    """Root mean square of each tensor's entries; of all where it is 0."""
    sizes = [float(w.detach().square().mean().sqrt()) for w in weights]
    usual = sum(sizes) / len(sizes) or 1.0
    return [size or usual for size in sizes]
