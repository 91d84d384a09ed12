"""Which images AutoAttack's package can take. Read at every start, so it imports no torch."""


def needed_size(shape: tuple[int, ...], norm: str) -> str | None:
    """The sizes that the package's Square attack needs instead; None where it can cut these up.

    With L2 it begins with a grid of squares whose side is a fifth of the height, from a corner that
    is meant for five rows of them; where a sixth row or a column does not fit whole it fails (as of
    pyautoattack 0.2.0). With Linf it takes any.

    Args:
        shape: (channels, height, width).
        norm: l2 or linf.
    """
    _, height, width = shape
    side = height // 5
    corner = (height - 5 * side) // 2
    # a square of one pixel, or none that is narrow enough, always fits
    fits = (
        side == 1
        or (side > 0 and all(corner + n // side * side <= n for n in (height, width)))
        or 0 < width < side
    )
    if norm != "l2" or fits:
        return None
    return "5 rows of pixels or more" if side == 0 else "others, such as 8 x 8 or 32 x 32"
