"""What the estimators of this package ask of an operator."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor


class Products(Protocol):
    """A symmetric operator that is known through its products with vectors.

    Attributes:
        dim: length of its vectors.
    """

    dim: int

    @property
    def products(self) -> int:
        """How many products it has made."""

    def __matmul__(self, vector: Tensor) -> Tensor:
        """H v: a new tensor (dim,) from (dim,)."""

    def random_vector(self, generator: torch.Generator) -> Tensor:
        """A Gaussian vector (dim,) of length about 1."""

    def start_vector(self, generator: torch.Generator) -> Tensor:
        """A vector (dim,) that has a part in every eigenvector, large ones in the outer ones."""

    def signs(self, generator: torch.Generator) -> Tensor:
        """A vector (dim,) whose entries are -1 or +1."""


class LayeredProducts(Products, Protocol):
    """An operator over a network's parameters."""

    @property
    def parameters(self) -> Sequence[Tensor]:
        """Its vectors are these, flattened and joined in this order."""


def finite_product(operator: Products, vector: Tensor) -> Tensor:
    """H v, (dim,).

    Raises:
        FloatingPointError: it is not finite, as where a training has diverged.
    """
    product = operator @ vector
    # a sum is quicker, and may overflow
    if not bool(torch.isfinite(product.sum())) and not bool(torch.isfinite(product).all()):
        raise FloatingPointError(f"product {operator.products} with the Hessian is not finite")
    return product
