"""A network and its attacked samples in float64, for what rounding to float32 would hide."""

import logging

import torch
from torch import Tensor, nn

from advscape.attacks.samples import AttackedSamples
from advscape.curvature.first_derivatives import Substituted, tensors_in
from advscape.errors import in_words
from advscape.models.untouched import untouched
from advscape.threat import ROUNDING

_LOG = logging.getLogger("advscape.curvature")
#: samples on which both precisions are compared, and how far their outputs may differ, relative
_SAMPLES, _TOLERANCE = 4, 1e-3


def in_float64(model: nn.Module, samples: AttackedSamples) -> tuple[nn.Module, AttackedSamples]:
    """The same network and samples in float64, which miss the set's bounds by its rounding alone.

    Args:
        model: gives (n, classes) logits; left as it was.
        samples: in the model's own precision.

    Returns:
        Both; as they were if they are in float64, or if the network fails there or gives other
        outputs: the log says so.

    Raises:
        OutOfMemoryError: memory does not hold the network.
    """
    if samples.x.dtype == torch.float64:
        return model, samples
    wide = Substituted(model, tensors_in(model, torch.float64))
    problem = _problem(model, wide, samples.perturbed[:_SAMPLES])
    if problem:
        _LOG.warning("maxima are sought in %s, not in float64: %s", samples.x.dtype, problem)
        return model, samples
    x, threat = samples.x.double(), samples.threat
    near = ROUNDING * torch.finfo(samples.x.dtype).eps
    delta = threat.settled(samples.perturbed.double() - x, x, near)
    return wide, AttackedSamples(x, x + delta, samples.y, threat)


def _problem(model: nn.Module, wide: nn.Module, x: Tensor) -> str:
    """Why the network in float64 is not the same one; "" where it is.

    Raises:
        OutOfMemoryError: memory does not hold it.
    """
    try:
        with untouched(model), torch.no_grad():
            own, other = model(x), wide(x.double())
            apart = float((other - own).abs().max() / own.abs().max().clamp_min(1))
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        return in_words(error)
    if other.dtype != torch.float64:
        return f"its outputs are {other.dtype}"
    return "" if apart <= _TOLERANCE else f"its outputs differ by {apart:.1e} there"
