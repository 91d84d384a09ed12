"""What the products of a Lanczos run tell of its operator, as a part whose traces are known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class KnownPart:
    r"""A matrix :math:`A = M T M^T` of low rank.

    Of a Krylov decomposition :math:`H V = V P + v_{k+1} c^T` it is

    .. math:: A = V P V^T + v_{k+1} c^T V^T + V c v_{k+1}^T,

    which leaves :math:`(I - V V^T) H (I - V V^T)` of H: nothing that lies along V.

    Attributes:
        vectors: (j, dim), the rows of M's transpose.
        matrix: T (j, j) float64, symmetric.
    """

    vectors: Tensor
    matrix: np.ndarray

    def traces(self, sizes: Sequence[int]) -> np.ndarray:
        """Traces (blocks,) float64 of the diagonal blocks of these sizes, whatever M is."""
        grams = [_wide(part @ part.T) for part in self.vectors.split(list(sizes), dim=1)]
        return np.array([(gram * self.matrix).sum() for gram in grams])

    def forms(self, vector: Tensor, sizes: Sequence[int]) -> np.ndarray:
        """v_l . (A v)_l of each block l: (blocks,) float64 from (dim,)."""
        parts = zip(self.vectors.split(list(sizes), dim=1), vector.split(list(sizes)), strict=True)
        along = np.stack([_wide(rows @ piece) for rows, piece in parts])
        forms: np.ndarray = along @ self.matrix @ along.sum(axis=0)
        return forms


def _wide(tensor: Tensor) -> np.ndarray:
    return tensor.to("cpu", torch.float64).numpy()
