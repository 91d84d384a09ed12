r"""The robust logistic loss of a linear model, its gradient and its Hessian.

Labels t in {-1, +1}, score w.x + b, L2 noise of radius epsilon. The three noise arms are one
formula with a signed radius e:

.. math::

    m_i = t_i (w \cdot x_i + b) - e |w|, \qquad
    L(w, b) = \tfrac1n \sum_i \log(1 + \exp(-m_i)) + \tfrac\lambda2 |w|^2

aligned: e = epsilon, the optimal noise -epsilon t u with u = w/|w|. opposed: e = -epsilon.
random: e = 0, on inputs x_i + epsilon r_i with fixed unit vectors r_i.

With s = sigmoid(-m) and a = t x - e u the Hessian over w of the data term is H = A + B:

.. math::

    A = \tfrac1n \sum_i s_i (1 - s_i) a_i a_i^T, \qquad
    B = \frac{e}{|w|} \Big(\tfrac1n \sum_i s_i\Big) (I - u u^T)

A ("frozen") holds the noise fixed while w moves, B ("response") is what the noise adds by
following w. Neither exists at w = 0, where the loss has a cone.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit

HessianPart = Literal["frozen", "response", "total"]


@dataclass(frozen=True)
class Line:
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
        x: (n, d) float64.
        t: (n,) float64, -1 or +1.
        radius: signed radius e; 0 for the clean loss.
        weight_decay: lambda, on w and not on b. The Hessian parts leave it out.
    """

    x: np.ndarray
    t: np.ndarray
    radius: float
    weight_decay: float = 0.0

    def margins(self, line: Line) -> np.ndarray:
        """Margins m, shape (n,)."""
        return self.t * (self.x @ line.w + line.b) - self.radius * line.norm

    def data_loss(self, line: Line) -> float:
        """Mean of log(1 + exp(-m)), without the penalty."""
        return float(np.mean(np.logaddexp(0.0, -self.margins(line))))

    def accuracy(self, line: Line) -> float:
        """Share of samples with a positive margin."""
        return float(np.mean(self.margins(line) > 0))

    def mean_p1p(self, line: Line) -> float:
        """Mean of p (1 - p), p the probability of the true label: how unsure the model is."""
        s = expit(-self.margins(line))
        return float(np.mean(s * (1 - s)))

    def value(self, line: Line) -> float:
        """Data loss plus penalty."""
        return self.data_loss(line) + 0.5 * self.weight_decay * float(line.w @ line.w)

    def gradient(self, line: Line) -> np.ndarray:
        """Gradient of :meth:`value` over (w, b), shape (d + 1,); w must not be 0."""
        s = expit(-self.margins(line))
        st = s * self.t / len(s)
        over_w = -(self.x.T @ st) + self.radius * s.mean() * line.w / _norm(line)
        return np.append(over_w + self.weight_decay * line.w, -st.sum())

    def hessian(self, line: Line, part: HessianPart = "total") -> np.ndarray:
        """Hessian of the data term over w, shape (d, d), symmetric.

        Raises:
            ValueError: ``part`` is unknown, or w is 0 and the Hessian does not exist.
        """
        if part not in ("frozen", "response", "total"):
            raise ValueError(f"part: got {part!r}; allowed: frozen, response, total")
        hessian = np.zeros((len(line.w), len(line.w)))
        if part != "response":
            hessian += self._frozen(line)[:-1, :-1]
        if part != "frozen":
            hessian += self._response(line)
        return hessian

    def joint_hessian(self, line: Line) -> np.ndarray:
        """Hessian of :meth:`value` over (w, b), shape (d + 1, d + 1), for Newton's method."""
        hessian = self._frozen(line)
        hessian[:-1, :-1] += self._response(line)
        hessian[:-1, :-1] += self.weight_decay * np.eye(len(line.w))
        return hessian

    def _frozen(self, line: Line) -> np.ndarray:
        """A over (w, b): the mean of s (1 - s) (a, t) (a, t)^T."""
        s = expit(-self.margins(line))
        root = np.sqrt(s * (1 - s) / len(s))
        # (a, t) times t, which squares away: x - e t u and 1
        scaled = np.empty((len(s), len(line.w) + 1))
        np.multiply(root[:, None], self.x, out=scaled[:, :-1])
        scaled[:, :-1] -= np.outer(self.radius * root * self.t, line.w / _norm(line))
        scaled[:, -1] = root
        return scaled.T @ scaled

    def _response(self, line: Line) -> np.ndarray:
        norm = _norm(line)
        u = line.w / norm
        strength = self.radius / norm * float(np.mean(expit(-self.margins(line))))
        return strength * (np.eye(len(u)) - np.outer(u, u))


def _norm(line: Line) -> float:
    if line.norm == 0:
        raise ValueError("w is 0: the robust loss has a cone there, without gradient and Hessian")
    return line.norm
