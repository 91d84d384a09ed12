r"""The robust logistic loss of a linear model, its gradient and its Hessian.

Labels t in {-1, +1}, score w.x + b, noise in an L2 or Linf ball of radius epsilon. The dual norm
|w|_q (q = 2 or 1) carries the optimal noise, and the noise arms are one formula with a signed
radius e:

.. math::

    m_i = t_i (w \cdot x_i + b) - e |w|_q, \qquad
    L(w, b) = \sum_i c_i \log(1 + \exp(-m_i)) + \tfrac\lambda2 |w|_2^2, \quad \sum_i c_i = 1

aligned: e = epsilon, the optimal noise -epsilon t u with u = w/|w| (L2) or sign(w) (Linf).
opposed: e = -epsilon. random: e = 0, on inputs x_i + epsilon r_i with fixed unit vectors r_i.

With s = sigmoid(-m) and a = t x - e u the gradient is (-sum c s a + lambda w, -sum c s t) and the
Hessian over w of the data term is H = A + B:

.. math::

    A = \sum_i c_i s_i (1 - s_i) a_i a_i^T, \qquad
    B = \frac{e}{|w|} \Big(\sum_i c_i s_i\Big) (I - u u^T) \ \text{(L2)}, \quad
    B = 0 \ \text{almost everywhere (Linf)}

A ("frozen") holds the noise fixed while w moves, B ("response") is what the noise adds by
following w. With L2 neither exists at w = 0, where the loss has a cone; with Linf the loss has a
kink wherever an entry of w is 0.
"""

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from scipy.special import expit

HessianTerm = Literal["frozen", "response", "total"]
Norm = Literal["l2", "linf"]


@dataclass(frozen=True)
class LinearModel:
    """A linear model: weights w of shape (d,) and a bias b, float64."""

    w: np.ndarray
    b: float

    @property
    def norm(self) -> float:
        """The weights' Euclidean norm |w|."""
        return float(np.linalg.norm(self.w))


@dataclass(frozen=True)
class RobustLoss:
    """Mean robust logistic loss on fixed samples.

    Attributes:
        x: (n, d) float64; where only margins, losses and gradients are asked for, a scipy.sparse
            array will do, and for the steps of a solver float32.
        t: (n,) float64, -1 or +1.
        radius: signed radius e; 0 for the clean loss.
        weight_decay: lambda, on w and not on b. The Hessian parts leave it out.
        norm: of the noise, "l2" or "linf".
        weights: (n,) sample weights, at least 0 and not all 0; equal unless given.
        bias: whether b is free; it stays where it is otherwise.
    """

    x: np.ndarray
    t: np.ndarray
    radius: float
    weight_decay: float = 0.0
    norm: Norm = "l2"
    weights: np.ndarray | None = None
    bias: bool = True

    @cached_property
    def shares(self) -> np.ndarray:
        """Each sample's share c of the mean, (n,), adding up to 1."""
        weights = np.ones(len(self.t)) if self.weights is None else self.weights
        shares: np.ndarray = weights / weights.sum()
        return shares

    def margins(self, model: LinearModel) -> np.ndarray:
        """Margins m, shape (n,)."""
        scores: np.ndarray = self.t * (self.x @ model.w + model.b)
        return scores - self.radius * self.dual_norm(model.w)

    def data_loss(self, model: LinearModel) -> float:
        """Mean of log(1 + exp(-m)), without the penalty."""
        return float(self.shares @ np.logaddexp(0.0, -self.margins(model)))

    def accuracy(self, model: LinearModel) -> float:
        """Share of samples with a positive margin."""
        right = self.margins(model) > 0
        if self.weights is None:
            return float(right.mean())  # exactly 1 where all are right
        return float(self.shares @ right)

    def mean_p1p(self, model: LinearModel) -> float:
        """Mean of p (1 - p), p the probability of the true label: how unsure the model is."""
        s = expit(-self.margins(model))
        return float(self.shares @ (s * (1 - s)))

    def value(self, model: LinearModel) -> float:
        """Data loss plus penalty."""
        return self.data_loss(model) + 0.5 * self.weight_decay * float(model.w @ model.w)

    def gradient(self, model: LinearModel) -> np.ndarray:
        """Gradient of :meth:`value` over (w, b), shape (d + 1,).

        At a cone or kink it is the subgradient of least length, entry by entry: it is 0 at a
        minimiser of a convex loss, and its largest entry certifies one.
        """
        smooth, strength = self.smooth_gradient(model)
        over_w = smooth[:-1]
        if self.norm == "linf":
            at_kink = np.sign(over_w) * np.maximum(np.abs(over_w) - max(strength, 0.0), 0.0)
            over_w = np.where(model.w == 0, at_kink, over_w + strength * np.sign(model.w))
        elif model.norm > 0:
            over_w = over_w + strength * model.w / model.norm
        else:
            length = float(np.linalg.norm(over_w))
            over_w = over_w * max(1 - strength / length, 0.0) if length > 0 else over_w
        return np.append(over_w, smooth[-1])

    def hessian(self, model: LinearModel, term: HessianTerm = "total") -> np.ndarray:
        """Hessian of the data term over w, shape (d, d), symmetric.

        With Linf the frozen term holds the noise -epsilon t sign(w); where entries of w are 0 the
        loss has a kink and no total Hessian, which a warning says.

        Raises:
            ValueError: ``term`` is unknown, or w is 0 and the L2 Hessian does not exist.
        """
        if term not in ("frozen", "response", "total"):
            raise ValueError(f"term: got {term!r}; allowed: frozen, response, total")
        kinks = int(np.sum(model.w == 0))
        if self.norm == "linf" and self.radius != 0 and kinks and term != "frozen":
            warnings.warn(
                f"{kinks} of {len(model.w)} weights are exactly 0: the Linf loss has kinks there, "
                "and its Hessian exists on the other weights only",
                stacklevel=2,
            )
        hessian = np.zeros((len(model.w), len(model.w)))
        if term != "response":
            hessian += self._frozen(model)[:-1, :-1]
        if term != "frozen":
            hessian += self._response(model)
        return hessian

    def bend(self, model: LinearModel, v: np.ndarray, term: HessianTerm = "total") -> float:
        """V . H v for a direction v (d,), by products with the samples: no (d, d) matrix.

        Raises:
            ValueError: w is 0 and the L2 Hessian does not exist.
        """
        s, u = self.shares * expit(-self.margins(model)), self.unit(model)
        frozen = response = 0.0
        if term != "response":
            along = self.t * (self.x @ v) - self.radius * float(u @ v)
            frozen = float((s * expit(self.margins(model))) @ along**2)
        if term != "frozen" and self.norm == "l2":
            response = self.response_strength(model) * float(v @ v - (u @ v) ** 2)
        return frozen + response

    def joint_hessian(self, model: LinearModel) -> np.ndarray:
        """Hessian of :meth:`value` over (w, b), shape (d + 1, d + 1), for Newton's method."""
        hessian = self._frozen(model)
        hessian[:-1, :-1] += self._response(model)
        hessian[:-1, :-1] += self.weight_decay * np.eye(len(model.w))
        if not self.bias:
            hessian[-1, :] = hessian[:, -1] = 0.0
            hessian[-1, -1] = 1.0
        return hessian

    def dual_norm(self, w: np.ndarray) -> float:
        """|w|_q: how far the worst noise of radius 1 moves the score."""
        return float(np.linalg.norm(w, 2 if self.norm == "l2" else 1))

    def smooth_gradient(self, model: LinearModel) -> tuple[np.ndarray, float]:
        """Gradient over (w, b) without the term e |w|_q, and that term's strength e sum c s."""
        s = self.shares * expit(-self.margins(model))
        st = s * self.t
        over_w = self.weight_decay * model.w - self.x.T @ st
        over_b = -st.sum() if self.bias else 0.0
        return np.append(over_w, over_b), self.radius * float(s.sum())

    def unit(self, model: LinearModel) -> np.ndarray:
        """u, shape (d,): the optimal noise is -e t u; w/|w| with L2, sign(w) with Linf.

        Raises:
            ValueError: w is 0 and the norm is L2.
        """
        if self.norm == "linf":
            signs: np.ndarray = np.sign(model.w)
            return signs
        if model.norm == 0:
            raise ValueError("w is 0: the L2 robust loss has a cone there and no Hessian")
        return model.w / model.norm

    def _frozen(self, model: LinearModel) -> np.ndarray:
        """A over (w, b): the mean of s (1 - s) (a, t) (a, t)^T, in the precision of x.

        a = t x - e u is not formed: its products are those of x and a correction of rank two.
        """
        s = expit(-self.margins(model))
        c = (self.shares * s * (1 - s)).astype(self.x.dtype)
        u, t = self.unit(model), self.t.astype(self.x.dtype)
        scaled = np.sqrt(c)[:, None] * self.x
        total, mixed, over_b = float(c.sum()), self.x.T @ (c * t), self.x.T @ c
        hessian = np.empty((len(u) + 1, len(u) + 1), self.x.dtype)
        hessian[:-1, :-1] = scaled.T @ scaled
        cross = self.radius * np.outer(mixed - 0.5 * self.radius * total * u, u)
        hessian[:-1, :-1] -= cross + cross.T
        hessian[-1, :-1] = hessian[:-1, -1] = over_b - self.radius * float(c @ t) * u
        hessian[-1, -1] = total
        return hessian

    def _response(self, model: LinearModel) -> np.ndarray:
        if self.norm == "linf":
            return np.zeros((len(model.w), len(model.w)))
        u = self.unit(model)
        return self.response_strength(model) * (np.eye(len(u)) - np.outer(u, u))

    def response_strength(self, model: LinearModel) -> float:
        """What B is times I - u u^T (L2)."""
        return self.radius / model.norm * float(self.shares @ expit(-self.margins(model)))


def largest(gradient: np.ndarray) -> float:
    """Largest absolute entry of a gradient, the certificate's norm."""
    return float(np.abs(gradient).max())
