"""A network's outputs that are not finite are refused; they never go into a mean."""

from torch import Tensor

from advscape.errors import UserError


class NotFinite(UserError):
    """A network's output is infinite or not a number for some inputs."""


def check_finite(outputs: Tensor, x: Tensor, what: str = "inputs") -> None:
    """Refuse outputs that are not finite.

    Args:
        outputs: (n, classes) logits.
        x: (n, ...) the inputs they belong to.
        what: the inputs in words, as in "test images under pgd".

    Raises:
        NotFinite: for how many inputs, and which is the first.
    """
    bad = ~outputs.isfinite().flatten(1).all(dim=1)
    if bool(bad.any()):
        raise NotFinite(f"the network's output is {named(outputs, bad, x, what)}")


def named(outputs: Tensor, bad: Tensor, x: Tensor, what: str, number: int | None = None) -> str:
    """Words for outputs that are not finite.

    Args:
        outputs: (n, classes) logits.
        bad: (n,) bool, which are not finite; at least one is.
        x: (n, ...) their inputs.
        what: the inputs in words.
        number: of the first bad one, where it is another than its place among these.
    """
    first = int(bad.nonzero()[0])
    kind = "NaN" if bool(outputs[bad].isnan().any()) else "infinite"
    words = f"{kind} for {int(bad.sum())} of {len(bad)} {what}"
    words += f", first for number {first if number is None else number} (counted from 0)"
    if bool(x[first].min() == x[first].max()):
        words += ", a constant image: does the network divide by an image's own deviation?"
    return words
