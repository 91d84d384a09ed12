"""A question is answered in full precision, or refused with one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from advscape.curvature.proof import UnprovenHessian
from advscape.errors import UserError
from advscape.machine.device import full_float32


@contextmanager
def answering(what: str) -> Iterator[None]:
    """Within the block, or the function, float32 is float32, and refusals are of one kind.

    Args:
        what: is asked for.

    Raises:
        ValueError: in the place of what the packages below refuse with.
    """
    try:
        with full_float32():
            yield
    except UnprovenHessian as error:
        raise ValueError(
            f"{what}: second derivatives cannot be shown to be right: {error}"
        ) from error
    except (UserError, FloatingPointError) as error:
        raise ValueError(f"{what}: {error}") from error
