"""What all curvature operators share: parameters, batches, products with vectors and blocks."""

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn

from advscape.curvature.by_sample import second_derivatives
from advscape.curvature.first_derivatives import FirstDerivatives
from advscape.curvature.krylov import dots
from advscape.curvature.paths import Path
from advscape.curvature.proof import proven_path
from advscape.losses import true_probability
from advscape.machine.memory import MicroBatch
from advscape.models.flat import flattened, pieces_of
from advscape.models.restored import trained
from advscape.models.untouched import differentiable, untouched


class CurvatureOperator(ABC):
    r"""A symmetric matrix over a network's parameters, known by its products with vectors.

    It is a mean over samples, :math:`\tfrac1n \sum_i H_i`, exact for any batch size: a short last
    batch has its own weight. The model is used in eval mode and left as it was.

    Before the first product the operator proves itself on this network
    (:mod:`advscape.curvature.proof`). Parameters that the loss does not depend on have blocks
    of 0.

    The graph of derivatives is kept from product to product where one batch holds all samples;
    with several batches it is built again for each batch and call of ``@``, so memory is that of
    one batch, and a block of vectors costs fewer graphs than its columns one by one. Where memory
    does not hold a batch, the batches are halved. Changing the weights in place makes a kept
    graph's next product raise torch's RuntimeError.

    Attributes:
        parameters: those that the matrix is over.
        dim: their number of entries.
        dtype: of vectors drawn here.
        products: matrix-vector products so far.

    Args:
        model: gives (n, classes) logits.
        samples: what :meth:`_graph` takes, of all samples.
        n: number of samples.
        batch_size: samples per graph.
        parameters: those the matrix is over; all that require gradients unless given.
        dtype: of vectors, and so of the sum over batches; the parameters' unless given. With
            float64 vectors on a float32 model each batch's product is float32, their sum is not.
    """

    def __init__(
        self,
        model: nn.Module,
        samples: Any,
        n: int,
        batch_size: int,
        parameters: Sequence[nn.Parameter] | None = None,
        dtype: torch.dtype | None = None,
    ):
        """Hold the model and its samples."""
        self.parameters: list[Tensor] = list(parameters or trained(model))
        self.dim = sum(p.numel() for p in self.parameters)
        self.dtype = dtype or self.parameters[0].dtype
        self.products = 0
        self._model = model
        self._samples = samples
        self._n = n
        self._micro = MicroBatch(min(batch_size, n))
        self._path: Path | None = None
        self._kept: Any = None

    def __matmul__(self, vectors: Tensor) -> Tensor:
        """H V: (dim,) from (dim,) or (dim, k) from (dim, k), in the dtype of ``vectors``.

        Raises:
            ValueError: the vectors have another length.
            UnprovenHessian: the products cannot be shown to be right on this network.
        """
        if vectors.ndim not in (1, 2) or vectors.shape[0] != self.dim:
            raise ValueError(
                f"vectors: got shape {tuple(vectors.shape)}; allowed: ({self.dim},) or "
                f"({self.dim}, k)"
            )
        columns = vectors.reshape(self.dim, -1).T
        sums = self._micro.run(lambda size: self._sums(columns, size))
        self.products += len(columns)
        if len(sums) == 1:  # no copy of what may be as long as memory
            return sums[0].div_(self._n).view(vectors.shape)
        return torch.stack(sums, dim=1).div_(self._n) if sums else vectors.clone()

    def by_batches(self, vector: Tensor, size: int) -> tuple[Tensor, Tensor]:
        """Batches' own means of v . H v: (batches,) float64 from (dim,), and their sizes.

        At about the cost of one product where that builds its graph.

        Args:
            vector: (dim,).
            size: samples of a batch.
        """
        pieces = self._pieces(vector)

        def forms(most: int) -> tuple[Tensor, Tensor]:
            values: list[float] = []
            sizes: list[int] = []
            with differentiable(self._model, self.parameters):
                for batch in self._split(self._samples, min(size, most)):
                    product = flattened(self._graph_product(self._graph_of(batch), pieces))
                    sizes.append(min(size, most, self._n - sum(sizes)))
                    values.append(float(dots(vector[None], product)[0]) / sizes[-1])
            return torch.tensor(values, dtype=torch.float64), torch.tensor(sizes)

        self.products += 1
        return self._micro.run(forms)

    @property
    def model(self) -> nn.Module:
        """The network."""
        return self._model

    @property
    def batch_size(self) -> int:
        """Samples that go through the network at once."""
        return self._micro.size

    def on(
        self,
        model: nn.Module,
        samples: Sequence[Tensor],
        parameters: Sequence[Tensor],
        path: Path,
    ) -> Self:
        """The same operator elsewhere, for a proof: nothing is proven of it.

        Args:
            model: with the layers and tensors that it is to use.
            samples: the tensors that :meth:`telling` or :meth:`taking` gives, perhaps in another
                precision.
            parameters: the model's.
            path: how it is to be differentiated.
        """
        other = copy.copy(self)
        other._model, other._samples, other._path = model, self._gathered(samples), path
        other.parameters, other.dtype = list(parameters), parameters[0].dtype
        other._n = len(samples[1])
        other._micro, other._kept = MicroBatch(other._n), None
        return other

    def beside(
        self, derivatives: FirstDerivatives, vector: list[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """The sum over all samples times a vector, and what first derivatives say that it is.

        Args:
            derivatives: of the same samples, by differences.
            vector: in pieces, shaped as the parameters are; so are both results.
        """
        with differentiable(self._model, self.parameters):
            graph = self._graph_of(self._samples)
            product = [piece.detach() for piece in self._graph_product(graph, vector)]
        return product, self._expected(graph, derivatives, vector)

    @abstractmethod
    def by_sample(self, vector: Tensor) -> Tensor:
        """Each sample's v . H_i v: (n,) from (dim,); their mean is v . H v.

        Raises:
            Exception: whatever torch raises where the network's second derivatives cannot be taken
                forwards; :meth:`by_batches` needs none of them.
        """

    def _of_each(self, forms: Callable[[Any], Tensor]) -> Tensor:
        """What is made of each batch's graph, sample by sample: (n,)."""

        def joined(size: int) -> Tensor:
            with differentiable(self._model, self.parameters):
                return torch.cat([forms(self._graph_of(batch)) for batch in self._batches(size)])

        return self._micro.run(joined)

    def _bends(self, x: Tensor, y: Tensor, vector: Tensor) -> Tensor:
        """Second derivatives (n,) of each sample's loss at held inputs, along a vector (dim,)."""
        return self._micro.run(
            lambda size: second_derivatives(self._model, self.parameters, x, y, vector, size)
        )

    @abstractmethod
    def telling(self, count: int) -> Iterable[Tensor]:
        """Tensors, inputs and labels first, of the samples on which the network is least sure."""

    @abstractmethod
    def taking(self, rows: Tensor) -> Iterable[Tensor]:
        """The tensors of some samples (m,), inputs and labels first."""

    @abstractmethod
    def _gathered(self, tensors: Sequence[Tensor]) -> Any:
        """Samples from what :meth:`telling` gives."""

    def _sums(self, columns: Tensor, size: int) -> list[Tensor]:
        sums: list[Tensor] = []
        with differentiable(self._model, self.parameters):
            for batch in self._batches(size):
                # the batch's graph is freed before the next one's is built
                graph = self._graph_of(batch)
                for i, column in enumerate(columns):
                    product = flattened(self._graph_product(graph, self._pieces(column)))
                    if i < len(sums):
                        sums[i] += product
                    else:
                        sums.append(product.to(columns.dtype))
                del graph
        return sums

    def _batches(self, size: int) -> Sequence[Any]:
        if size >= self._n:
            return [self._samples]
        self._kept = None  # of all samples, for which memory did not suffice
        return self._split(self._samples, size)

    def _graph_of(self, batch: Any) -> Any:
        if self._kept is not None and batch is self._samples:
            return self._kept
        if self._path is None:
            self._path = proven_path(self)
        with self._path.building(self._model):
            graph = self._graph(batch)
        if batch is self._samples:
            self._kept = graph
        return graph

    @abstractmethod
    def _split(self, samples: Any, size: int) -> Sequence[Any]:
        """The samples in batches of a size, the last one perhaps shorter."""

    @abstractmethod
    def _graph(self, batch: Any) -> Any:
        """Derivatives of a batch's summed loss with the graph that products go back through."""

    @abstractmethod
    def _graph_product(self, graph: Any, pieces: list[Tensor]) -> Sequence[Tensor]:
        """The product of the batch's sum with a vector in pieces, shaped as the parameters are."""

    @abstractmethod
    def _expected(
        self, graph: Any, derivatives: FirstDerivatives, vector: list[Tensor]
    ) -> list[Tensor]:
        """The product by differences of first derivatives."""

    @abstractmethod
    def _gradient(self, graph: Any) -> Sequence[Tensor]:
        """The gradient of the batch's summed loss, shaped as the parameters are."""

    def start_vector(self, generator: torch.Generator) -> Tensor:
        """The loss's gradient, scaled to length 1, and a random vector of a third of that.

        Gradients lie mostly in the few eigenvectors of the largest eigenvalues (Gur-Ari, Roberts
        and Dyer, arXiv 1812.04754); the random part has all the others.
        """
        gradient = self._micro.run(self._summed_gradient)
        random, size = self.random_vector(generator) / 3, gradient.norm()
        return random + gradient / size if 0 < size < math.inf else random

    def _summed_gradient(self, size: int) -> Tensor:
        gradient = torch.zeros(self.dim, dtype=self.dtype, device=self.parameters[0].device)
        with differentiable(self._model, self.parameters):
            for batch in self._batches(size):
                gradient += flattened(self._gradient(self._graph_of(batch)))
        return gradient

    def random_vector(self, generator: torch.Generator) -> Tensor:
        """A Gaussian vector (dim,) of length about 1, where the parameters live."""
        draw = torch.randn(self.dim, generator=generator, device=generator.device)
        return draw.to(self.parameters[0].device, self.dtype) / math.sqrt(self.dim)

    def signs(self, generator: torch.Generator) -> Tensor:
        """A Rademacher vector (dim,): each entry -1 or +1, where the parameters live."""
        draw = torch.randint(0, 2, (self.dim,), generator=generator, device=generator.device)
        return (2 * draw - 1).to(self.parameters[0].device, self.dtype)

    def _pieces(self, vector: Tensor) -> list[Tensor]:
        return pieces_of(vector, self.parameters)


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
        super().__init__(model, (x, y), len(y), batch_size, parameters, dtype)

    def telling(self, count: int) -> tuple[Tensor, Tensor]:
        """Inputs and labels near the samples on which the network is least sure.

        Attacks on networks with kinks end in them, where differences tell of no derivative: so
        every entry is up to a thousandth smaller.
        """
        x, y = self._samples
        rows = least_sure(self._model, x, y, count)
        generator = torch.Generator().manual_seed(0)
        smaller = 1 - _ASIDE * torch.rand(x[rows].shape, generator=generator)
        return x[rows] * smaller.to(x), y[rows]

    def taking(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs and labels."""
        x, y = self._samples
        return x[rows], y[rows]

    def _gathered(self, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        x, y = tensors
        return x, y

    def _split(self, samples: tuple[Tensor, Tensor], size: int) -> list[tuple[Tensor, Tensor]]:
        x, y = samples
        return list(zip(x.split(size), y.split(size), strict=True))


#: samples among which those of a proof are looked for
_LOOKED_AT = 64
#: share of an input's size by which it is moved from where an attack has left it
_ASIDE = 1e-3


@torch.no_grad()
def least_sure(model: nn.Module, x: Tensor, y: Tensor, count: int) -> Tensor:
    """Rows (count,) with the largest p (1 - p) among the first 64: saturated ones prove little."""
    with untouched(model):
        p = true_probability(model(x[:_LOOKED_AT]), y[:_LOOKED_AT])
    return (p * (1 - p)).topk(min(count, len(p))).indices
