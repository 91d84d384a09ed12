"""Unit vectors on the way to the largest of something that is nearly v . H v."""

import torch
from torch import Tensor

#: directions that are remembered
_MEMORY = 8
#: part of a direction outside of the others' span below which it adds nothing but rounding
_NEW = 0.02


class Climb:
    r"""Proposes directions from those already tried.

    The images H v of the directions tried give the Ritz vector u of the largest Ritz value in their
    span, and its residual s = H u - theta u. Proposed is u + s / h, with h the largest absolute
    Ritz value: a step of the power method, shifted so that it does not climb towards a large
    negative eigenvalue, but from the best vector of the span, which on a quadratic function makes
    it as fast as Lanczos. Where the function is not quadratic and a proposal was no gain, the next
    one goes from the best direction alone, and half as far.
    """

    def __init__(self) -> None:
        """Nothing tried yet."""
        self._tried: list[tuple[Tensor, float, Tensor]] = []
        self._share = 1.0
        self._trusted = True

    def add(self, direction: Tensor, value: float, image: Tensor) -> None:
        """Remember a unit vector (dim,), and the function's value and half its gradient there."""
        if self._tried:
            self._trusted = value > self._best[1]
            self._share = 1.0 if self._trusted else self._share / 2
        self._tried.append((direction, value, image))

    @property
    def _best(self) -> tuple[Tensor, float, Tensor]:
        return max(self._tried, key=lambda entry: entry[1])

    def propose(self) -> Tensor:
        """The next direction (dim,), of length 1; 0 where there is nowhere to go."""
        best = self._best
        others = [entry for entry in reversed(self._tried) if entry is not best]
        vectors, images = [best[0]], [best[2]]
        for vector, _, image in others[: _MEMORY - 1] if self._trusted else []:
            weights = torch.stack(vectors) @ vector
            rest = vector - weights @ torch.stack(vectors)
            size = rest.norm()
            if size > _NEW:
                vectors.append(rest / size)
                images.append((image - weights @ torch.stack(images)) / size)
        basis, moved = torch.stack(vectors), torch.stack(images)
        inner = basis @ moved.T
        values, turns = torch.linalg.eigh((inner + inner.T) / 2)
        u, image = turns[:, -1] @ basis, turns[:, -1] @ moved
        rest = image - values[-1] * u
        scale = values.abs().max()
        if len(values) == 1 or not scale > 0:  # one value says nothing of the others' size
            scale = image.norm()
        if not 0 < scale < torch.inf:
            return torch.zeros_like(u)
        step = u + self._share * rest / scale
        unit: Tensor = step / step.norm()
        return unit
