"""Whether an eigenvalue is the network's, or what rounding to float32 has made of it.

Products are shown to be right in float64, on a few samples. In float32 a sample may still be so
ill-conditioned (a norm next to 0, two singular values next to each other) that its second
derivatives are noise, and as large as all others together.
"""

import logging

import torch
from torch import Tensor

from advscape.curvature.first_derivatives import Substituted, cast, names_of, tensors_in
from advscape.curvature.krylov import dots
from advscape.curvature.lanczos import Eigenpair
from advscape.curvature.operator import CurvatureOperator
from advscape.curvature.proof import UnprovenHessian, proven_path
from advscape.errors import in_words

_LOG = logging.getLogger("advscape.curvature")
#: samples that are looked at, and the share of an eigenvalue that rounding may make
_SAMPLES, _ALLOWED = 4, 0.05


def check_rounding(operator: CurvatureOperator, pair: Eigenpair, forms: Tensor) -> None:
    """Refuse an eigenvalue that float64 does not confirm.

    The samples that add most to it are taken again in float64. Where they add something else, or
    where all of them together are not the eigenvalue, v . H v is taken in float64 of all samples.

    Args:
        operator: over a network in float32; one in float64 has nothing to show, nor has one that
            does not run there.
        pair: of the operator.
        forms: each sample's v . H_i v (n,).

    Raises:
        UnprovenHessian: v . H v is another number in float64.
        OutOfMemoryError: memory does not hold the network in float64.
    """
    if operator.parameters[0].dtype == torch.float64:
        return
    n, allowed = len(forms), _ALLOWED * abs(pair.value) + pair.residual
    heaviest = forms.abs().topk(min(_SAMPLES, n)).indices
    try:
        wide = _Float64(operator)
        changed = wide.form(heaviest, pair.vector) - float(forms[heaviest].sum())
        if max(abs(changed) / n, abs(float(forms.mean()) - pair.value)) <= allowed:
            return
        batches = torch.arange(n, device=forms.device).split(operator.batch_size)
        whole = sum(wide.form(rows, pair.vector) for rows in batches) / n
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # a network that is bound to its own precision
        kind = type(operator).__name__
        _LOG.info("%s: eigenvalues not confirmed in float64: %s", kind, in_words(error))
        return
    if not abs(whole - pair.value) <= allowed:
        raise UnprovenHessian(
            f"rounding to float32 makes its eigenvalue {pair.value:.4g}: along the same vector it "
            f"is {whole:.4g} in float64",
            undefined=False,
        )


class _Float64:
    """An operator's samples with its network in float64."""

    def __init__(self, operator: CurvatureOperator):
        model, tensors = operator.model, tensors_in(operator.model, torch.float64)
        names = names_of(model, operator.parameters)
        self._weights = [tensors[name].requires_grad_(True) for name in names]
        self._model, self._operator = Substituted(model, tensors), operator

    def form(self, rows: Tensor, vector: Tensor) -> float:
        """The sum of v . H_i v over some samples."""
        samples = [cast(value, torch.float64) for value in self._operator.taking(rows)]
        path = proven_path(self._operator)
        wide = self._operator.on(self._model, samples, self._weights, path)
        vector = vector.double()
        return len(rows) * float(dots(vector[None], wide @ vector)[0])
