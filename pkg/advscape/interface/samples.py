"""The samples of a loss, from tensors or from a DataLoader."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from advscape.errors import shown
from advscape.seeds import stream

#: samples of tensors that go through a network at once, unless told
BATCH = 256
#: what a loss's samples may be given as, beside two tensors
Batches = Iterable[tuple[Tensor, Tensor]]


@torch.inference_mode(False)
def read(
    x: Tensor | Batches, y: Tensor | None, like: Tensor, seed: int
) -> tuple[Tensor, Tensor, int]:
    """All samples, and how many went together.

    Args:
        x: (n, ...) inputs, or batches (inputs, labels), which are read once.
        y: (n,) labels; None with batches.
        like: a parameter, whose precision and device the inputs get.
        seed: of the order of a DataLoader that shuffles; torch's own draws are left as they were.

    Returns:
        Inputs (n, ...), labels (n,) int64, and the size of the largest batch.

    Raises:
        ValueError: they are no samples.
    """
    if isinstance(x, Tensor):
        if y is None:
            raise ValueError("y: got nothing; allowed: (n,) labels, or a DataLoader as x alone")
        inputs, labels = _checked(x, y, like)
        return inputs, labels, min(len(inputs), BATCH)
    if y is not None:
        raise ValueError(
            f"x: got {type(x).__name__} beside y; allowed: a tensor, or a DataLoader alone"
        )
    with torch.random.fork_rng():
        torch.manual_seed(stream(seed, "order of the samples"))
        parts = [_checked(*pair, like) for pair in _pairs(x)]
    if not parts:
        raise ValueError("x: got no batch; allowed: one sample or more")
    shapes = sorted({tuple(inputs.shape[1:]) for inputs, _ in parts})
    if len(shapes) > 1:
        raise ValueError(f"x: got inputs of shapes {shapes[0]} and {shapes[1]}; allowed: one shape")
    inputs, labels = (torch.cat(pieces) for pieces in zip(*parts, strict=True))
    return inputs, labels, max(len(part) for _, part in parts)


def _pairs(batches: Batches) -> Iterator[tuple[Tensor, Tensor]]:
    if not isinstance(batches, Iterable):
        raise ValueError(
            f"x: got {shown(batches)}; allowed: a tensor, or a DataLoader of (inputs, labels)"
        )
    for batch in batches:
        pair = tuple(batch) if isinstance(batch, list | tuple) else ()
        if len(pair) != 2 or not all(isinstance(part, Tensor) for part in pair):
            raise ValueError(
                f"x: got batches of {type(batch).__name__}; allowed: pairs (inputs, labels)"
            )
        yield pair


def _checked(x: Tensor, y: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
    if not isinstance(y, Tensor):
        raise ValueError(f"y: got {type(y).__name__}; allowed: a tensor of (n,) labels")
    if x.ndim < 2 or not len(x) or not x.is_floating_point():
        raise ValueError(f"x: got {_words(x)}; allowed: real (n, ...) inputs, one sample or more")
    if y.ndim != 1 or y.is_floating_point() or y.is_complex() or y.dtype == torch.bool:
        raise ValueError(f"y: got {_words(y)}; allowed: (n,) integer labels")
    if len(x) != len(y):
        raise ValueError(f"x and y: got {len(x)} inputs and {len(y)} labels; allowed: one each")
    if not bool(x.isfinite().all()):
        raise ValueError("x: got values that are not finite; allowed: finite inputs")
    x, y = x.detach().to(like.device, like.dtype), y.detach().to(like.device, torch.int64)
    # no gradients form of tensors that were made in inference mode
    return (x.clone() if x.is_inference() else x), (y.clone() if y.is_inference() else y)


def _words(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} of shape {tuple(tensor.shape)}"
