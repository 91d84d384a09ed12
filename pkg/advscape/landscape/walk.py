"""A model moved in weight space, and put back bit for bit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from advscape.landscape.directions import Direction
from advscape.models.restored import restored


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
    # in the weights' memory layout, or every move would be slow
    moves = [
        {name: torch.empty_like(state[name]).copy_(step) for name, step in direction.items()}
        for direction in directions
    ]
    names = list(dict.fromkeys(name for move in moves for name in move))
    with restored([state[name] for name in names]) as home:

        def to(*coordinates: float) -> None:
            for name, source in zip(names, home, strict=True):
                for coordinate, move in zip(coordinates, moves, strict=True):
                    if name in move:
                        torch.add(source, move[name], alpha=coordinate, out=state[name])
                        source = state[name]

        yield to
