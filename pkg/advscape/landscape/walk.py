"""A model moved in weight space, and put back bit for bit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from advscape.landscape.directions import Direction


@contextmanager
def walking(model: nn.Module, *directions: Direction) -> Iterator[Callable[..., None]]:
    r"""Within the block the model can be moved; afterwards, also after an error, it is as before.

    What is yielded takes one coordinate for each direction and moves the weights in place to
    :math:`w + \sum_k \alpha_k d_k`, in one pass per direction, so anything that holds the
    parameters sees the move. All coordinates 0 are the weights themselves.

    Args:
        model: its weights move; graphs built before no longer hold.
        *directions: on the model's device.
    """
    state = model.state_dict()  # shares the parameters' memory, without their gradients
    moving = {name: state[name] for direction in directions for name in direction}
    home = {name: value.clone() for name, value in moving.items()}

    def to(*coordinates: float) -> None:
        for name, value in moving.items():
            source = home[name]
            for coordinate, direction in zip(coordinates, directions, strict=True):
                if name in direction:
                    torch.add(source, direction[name], alpha=coordinate, out=value)
                    source = value

    try:
        yield to
    finally:
        for name, value in moving.items():
            value.copy_(home[name])
