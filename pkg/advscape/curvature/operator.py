"""What all curvature operators share: parameters, batches, products with vectors and blocks."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import Tensor, nn

from advscape.attacks.untouched import differentiable
from advscape.curvature.fast_layers import fast_layers
from advscape.models.flat import flattened


def select_parameters(model: nn.Module, *patterns: str) -> list[nn.Parameter]:
    """Parameters whose names match one of the patterns, in the model's order.

    Args:
        model: the model.
        patterns: shell patterns of names as in ``named_parameters``, such as ``layer4.*``.

    Raises:
        ValueError: no name matches a pattern.
    """
    names = dict(model.named_parameters())
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise ValueError(f"patterns: {pattern!r} matches none of {', '.join(names)}")
    return [p for name, p in names.items() if any(fnmatchcase(name, k) for k in patterns)]


class CurvatureOperator(ABC):
    r"""A symmetric matrix over a network's parameters, known by its products with vectors.

    It is a mean over samples, :math:`\tfrac1n \sum_i H_i`, exact for any batch size: a short last
    batch has its own weight. The model is used in eval mode and left as it was.

    The graph of derivatives is kept from product to product where one batch holds all samples;
    with several batches it is built anew for each batch and call of ``@``, so memory is that of
    one batch, and a block of vectors costs fewer graphs than its columns one by one. Changing the
    weights in place makes a kept graph's next product raise torch's RuntimeError.

    Attributes:
        parameters: those that the matrix is over.
        dim: their number of entries.
        dtype: of vectors drawn here.
        products: matrix-vector products so far.

    Args:
        model: gives (n, classes) logits.
        n: number of samples.
        batches: what :meth:`_graph` takes, one per batch.
        parameters: those the matrix is over; all that require gradients unless given.
        dtype: of vectors, and so of the sum over batches; the parameters' unless given. With
            float64 vectors on a float32 model each batch's product is float32, their sum is not.
    """

    def __init__(
        self,
        model: nn.Module,
        n: int,
        batches: Sequence[Any],
        parameters: Sequence[nn.Parameter] | None = None,
        dtype: torch.dtype | None = None,
    ):
        """Hold the model and its samples."""
        chosen = parameters or [p for p in model.parameters() if p.requires_grad]
        self.parameters = list(chosen)
        self.dim = sum(p.numel() for p in self.parameters)
        self.dtype = dtype or self.parameters[0].dtype
        self.products = 0
        self._model = model
        self._n = n
        self._batches = batches
        self._kept: Any = None

    def __matmul__(self, vectors: Tensor) -> Tensor:
        """H V: (dim,) from (dim,) or (dim, k) from (dim, k), in the dtype of ``vectors``.

        Raises:
            ValueError: the vectors have another length.
        """
        if vectors.shape[0] != self.dim or vectors.ndim > 2:
            raise ValueError(
                f"vectors: got shape {tuple(vectors.shape)}; allowed: ({self.dim},) or "
                f"({self.dim}, k)"
            )
        columns = vectors.reshape(self.dim, -1).T
        sums = torch.zeros_like(columns)
        with differentiable(self._model, self.parameters):
            for batch in self._batches:
                self._add(batch, columns, sums)
        self.products += len(columns)
        return (sums / self._n).T.reshape(vectors.shape)

    def _add(self, batch: Any, columns: Tensor, sums: Tensor) -> None:
        """Add the batch's products; its graph is freed before the next one's is built."""
        graph = self._fast_graph(batch)
        for column, total in zip(columns, sums, strict=True):
            total += flattened(self._graph_product(graph, self._pieces(column)))

    def _fast_graph(self, batch: Any) -> Any:
        if self._kept is not None:
            return self._kept
        with fast_layers(self._model, self._inputs(batch)):
            graph = self._graph(batch)
        if len(self._batches) == 1:
            self._kept = graph
        return graph

    @abstractmethod
    def _inputs(self, batch: Any) -> Tensor:
        """The batch's inputs."""

    @abstractmethod
    def _graph(self, batch: Any) -> Any:
        """Derivatives of a batch's summed loss with the graph that products go back through."""

    @abstractmethod
    def _graph_product(self, graph: Any, pieces: list[Tensor]) -> Sequence[Tensor]:
        """The product of the batch's sum with a vector in pieces, shaped as the parameters are."""

    @abstractmethod
    def _gradient(self, graph: Any) -> Sequence[Tensor]:
        """The gradient of the batch's summed loss, shaped as the parameters are."""

    def start_vector(self, generator: torch.Generator) -> Tensor:
        """The loss's gradient, scaled to length 1, and a random vector of a third of that.

        Gradients lie mostly in the few eigenvectors of the largest eigenvalues (Gur-Ari, Roberts
        and Dyer, arXiv 1812.04754); the random part has all the others.
        """
        gradient = torch.zeros(self.dim, dtype=self.dtype, device=self.parameters[0].device)
        with differentiable(self._model, self.parameters):
            for batch in self._batches:
                gradient += flattened(self._gradient(self._fast_graph(batch)))
        random, size = self.random_vector(generator) / 3, gradient.norm()
        return random + gradient / size if 0 < size < math.inf else random

    def random_vector(self, generator: torch.Generator) -> Tensor:
        """A Gaussian vector (dim,) of length about 1, where the parameters live."""
        draw = torch.randn(self.dim, generator=generator, device=generator.device)
        return draw.to(self.parameters[0].device, self.dtype) / math.sqrt(self.dim)

    def signs(self, generator: torch.Generator) -> Tensor:
        """A Rademacher vector (dim,): each entry -1 or +1, where the parameters live."""
        draw = torch.randint(0, 2, (self.dim,), generator=generator, device=generator.device)
        return (2 * draw - 1).to(self.parameters[0].device, self.dtype)

    def _pieces(self, vector: Tensor) -> list[Tensor]:
        parts = vector.split([p.numel() for p in self.parameters])
        return [part.view_as(p).to(p.dtype) for part, p in zip(parts, self.parameters, strict=True)]


class SampleOperator(CurvatureOperator):
    """An operator over samples given as inputs and labels.

    Args:
        model: gives (n, classes) logits.
        x: (n, ...) inputs.
        y: (n,) labels.
        batch_size: samples per graph.
        parameters: those the matrix is over; all that require gradients unless given.
        dtype: see :class:`CurvatureOperator`.
    """

    def __init__(
        self,
        model: nn.Module,
        x: Tensor,
        y: Tensor,
        batch_size: int,
        parameters: Sequence[nn.Parameter] | None = None,
        dtype: torch.dtype | None = None,
    ):
        """Hold the model and its samples."""
        batches = list(zip(x.split(batch_size), y.split(batch_size), strict=True))
        super().__init__(model, len(y), batches, parameters, dtype)

    def _inputs(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        return batch[0]
