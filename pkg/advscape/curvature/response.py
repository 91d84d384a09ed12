r"""The part of the adversarial loss's Hessian that the attack adds by following the weights.

The adversarial loss is a value function, L(w) = mean_i max_delta l(w, x_i + delta). Where its
maxima are strict, its Hessian is A + B (the implicit function theorem at Danskin's gradient):

.. math:: A = \nabla_w^2 \ell \ \text{at fixed}\ \delta^*, \qquad
    B = C^T K^{-1} C, \quad C = P \, \nabla_\delta \nabla_w \ell

with K and P of :mod:`advscape.curvature.maxima`. B is positive semi-definite: a Hessian taken at
saved adversarial examples, A alone, is a lower bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import torch
from torch import Tensor, nn

from advscape.curvature.conjugate_gradients import conjugate_gradients
from advscape.curvature.first_derivatives import FirstDerivatives
from advscape.curvature.graph import gradient_graph, pulled
from advscape.curvature.maxima import Maxima
from advscape.curvature.operator import CurvatureOperator, least_sure
from advscape.curvature.paths import Path
from advscape.losses import precise_losses

#: of the systems of a proof, and the largest relative residual by differences that passes
_PROOF_TOLERANCE, _PROOF_STEPS, _PROOF_RESIDUAL = 1e-4, 1000, 0.01


@dataclass(frozen=True)
class Solves:
    """What the inner solves of an operator's products so far took and left.

    Attributes:
        systems: systems solved, one per sample and product.
        unconverged: those of them that the step limit or negative curvature ended.
        steps: products with K, each of a batch.
        worst_residual: largest relative residual, as the recurrence has it.
    """

    systems: int = 0
    unconverged: int = 0
    steps: int = 0
    worst_residual: float = 0.0

    @property
    def converged(self) -> bool:
        """Whether every system reached the tolerance."""
        return self.unconverged == 0


class JointGraph(NamedTuple):
    """A batch's gradients in weights and inputs, with their graph."""

    points: Maxima
    x: Tensor
    over_weights: tuple[Tensor, ...]
    slope: Tensor


class ResponseOperator(CurvatureOperator):
    r"""Products with B, a mean over the valid samples.

    .. math:: B = \tfrac1m \sum_{i\ \text{valid}} C_i^T K_i^{-1} C_i

    Samples that are no strict maxima have no response; they are left out, and m is the number of
    the others. The frozen part that belongs to it is
    ``HessianOperator(model, maxima.x, maxima.y, batch_size)``, and their sum,
    :class:`advscape.curvature.total.TotalOperator`, the Hessian of one loss: the adversarial loss
    of the valid samples.

    K is solved by conjugate gradients, on the sphere with Woodbury's form as preconditioner, which
    for a piecewise-linear network is the inverse. C v and C^T u are passes back through one graph
    of the gradients in weights and inputs. Memory is that graph for one batch, and for all samples
    ``maxima.axes``: n pixels (classes - 1) numbers.

    Args:
        model: gives (n, classes) logits.
        maxima: the model's strict maxima, as
            :func:`advscape.curvature.optimality.attack_optimality` finds them.
        batch_size: samples per graph.
        tolerance: relative residual of each sample's system. A product's relative error is of its
            order, that of v . B v of its square's.
        max_steps: of conjugate gradients. Systems that need more are counted in :attr:`solves`.
        parameters: those the matrix is over; all that require gradients unless given.
        dtype: see :class:`advscape.curvature.operator.CurvatureOperator`.

    Raises:
        ValueError: there is no sample.
    """

    def __init__(
        self,
        model: nn.Module,
        maxima: Maxima,
        batch_size: int,
        tolerance: float,
        max_steps: int = 100,
        parameters: Sequence[nn.Parameter] | None = None,
        dtype: torch.dtype | None = None,
    ):
        """Hold the model and its valid samples.

        Raises:
            ValueError: there is no sample.
        """
        if not len(maxima.y):
            raise ValueError("maxima: got none; allowed: one sample or more")
        super().__init__(model, maxima, len(maxima.y), batch_size, parameters, dtype)
        self.solves = Solves()
        self._tolerance = tolerance
        self._max_steps = max_steps

    def on(
        self, model: nn.Module, samples: Sequence[Tensor], parameters: Sequence[Tensor], path: Path
    ) -> Self:
        """As of every operator; a proof's systems are solved, whatever this one's limits are."""
        other = super().on(model, samples, parameters, path)
        other._tolerance, other._max_steps = _PROOF_TOLERANCE, _PROOF_STEPS
        return other

    def telling(self, count: int) -> Maxima:
        """The samples on which the network is least sure."""
        maxima: Maxima = self._samples
        return self.taking(least_sure(self._model, maxima.x, maxima.y, count))

    def taking(self, rows: Tensor) -> Maxima:
        """These maxima."""
        maxima: Maxima = self._samples
        return maxima.take(rows)

    def _gathered(self, tensors: Sequence[Tensor]) -> Maxima:
        return Maxima(*tensors)

    def _split(self, samples: Maxima, size: int) -> list[Maxima]:
        return samples.split(size)

    def _graph(self, batch: Maxima) -> JointGraph:
        x = batch.x.detach().requires_grad_(True)
        loss = precise_losses(self._model(x), batch.y).sum()
        *over_weights, slope = gradient_graph(loss, [*self.parameters, x])
        return JointGraph(batch, x, tuple(over_weights), slope)

    def _graph_product(self, graph: JointGraph, pieces: list[Tensor]) -> Sequence[Tensor]:
        (pushed,) = pulled(graph.over_weights, [graph.x], pieces)
        return self._pull(graph, pushed)

    def _gradient(self, graph: JointGraph) -> tuple[Tensor, ...]:
        return graph.over_weights

    def _expected(
        self, graph: JointGraph, derivatives: FirstDerivatives, vector: list[Tensor]
    ) -> list[Tensor]:
        return self._pulled_by_differences(graph, derivatives, derivatives.along_weights(vector)[1])

    def _pull(self, graph: JointGraph, pushed: Tensor) -> tuple[Tensor, ...]:
        """C^T K^-1 P of ``pushed`` (n, ...): what the noise's motion does to the gradient."""
        self._motion = self._solve(graph, graph.points.tangent(pushed)).view_as(graph.x)
        return pulled([graph.slope], self.parameters, [self._motion])

    def by_sample(self, vector: Tensor) -> Tensor:
        """As of every operator."""
        return self.response_by_sample(vector)

    def response_by_sample(self, vector: Tensor) -> Tensor:
        """Each sample's v . B_i v: (n,) from (dim,); their mean is v . B v."""

        def forms(graph: JointGraph) -> Tensor:
            (pushed,) = pulled(graph.over_weights, [graph.x], self._pieces(vector))
            tangent = graph.points.tangent(pushed)
            return (self._solve(graph, tangent) * tangent).sum(dim=1)

        return self._of_each(forms)

    def _pulled_by_differences(
        self, graph: JointGraph, derivatives: FirstDerivatives, pushed: Tensor
    ) -> list[Tensor]:
        """The same of the last product's motion; none that does not solve its own system."""
        points, motion = graph.points, self._motion
        over_weights, bent = derivatives.along_inputs(motion)
        moved = points.mu[:, None] * motion.flatten(1) - points.tangent(bent)
        left = (moved - points.tangent(pushed)).norm() / points.tangent(pushed).norm()
        if float(left) > _PROOF_RESIDUAL:
            return [torch.full_like(piece, torch.nan) for piece in over_weights]
        return over_weights

    def _solve(self, graph: JointGraph, b: Tensor) -> Tensor:
        """K^-1 b: (n, d) from (n, d)."""
        points, old = graph.points, self.solves
        solution = conjugate_gradients(
            lambda v: points.matrix(v, graph.slope, graph.x),
            points.preconditioner,
            b,
            self._tolerance,
            self._max_steps,
        )
        self.solves = Solves(
            old.systems + len(b),
            old.unconverged + int((~solution.converged).sum()),
            old.steps + solution.steps,
            max(old.worst_residual, float(solution.residuals.max())),
        )
        return solution.x
