"""A question is answered in full precision, or refused with one line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from advscape.curvature.proof import UnprovenHessian
from advscape.errors import UserError
from advscape.machine.device import full_float32


@contextmanager
def answering(what: str) -> Iterator[None]:
    """Within the block, or the function, float32 is float32, gradients form also where the caller
    has turned them off, compiled functions run as they are written, and refusals are of one kind.

    Args:
        what: is asked for.

    Raises:
        ValueError: in the place of what the packages below refuse with.
    """
    try:
        with full_float32(), torch.inference_mode(False), torch.enable_grad(), uncompiled():
            yield
    except UnprovenHessian as error:
        raise ValueError(
            f"{what}: second derivatives cannot be shown to be right: {error}"
        ) from error
    except (UserError, FloatingPointError) as error:
        raise ValueError(f"{what}: {error}") from error


@contextmanager
def uncompiled() -> Iterator[None]:
    """A compiled function has no second derivative; other networks stay compiled afterwards."""
    if "torch._dynamo" not in sys.modules:  # nobody has compiled anything
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield
