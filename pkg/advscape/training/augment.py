"""Random changes of training images, on the device they are on."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Augmentation:
    """Random crop of the zero-padded image, and mirroring left and right.

    Attributes:
        padding: pixels added on each side before the crop.
        flip: mirror each image with probability 1/2.
    """

    padding: int = 0
    flip: bool = False

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Change a batch, (n, channels, h, w), each image by its own draw from ``generator``."""
        if self.flip:
            mirrored = torch.rand(len(x), generator=generator, device=generator.device) < 0.5
            x = torch.where(mirrored.to(x.device)[:, None, None, None], x.flip(3), x)
        if self.padding:
            shifts = torch.randint(
                2 * self.padding + 1, (2, len(x)), generator=generator, device=generator.device
            )
            x = _crop(functional.pad(x, [self.padding] * 4), shifts.to(x.device), x.shape[2:])
        return x


def _crop(padded: Tensor, shifts: Tensor, size: torch.Size) -> Tensor:
    """Windows of a size at each image's own place: ``shifts`` are rows and columns, (2, n)."""
    down = shifts[0, :, None] + torch.arange(size[0], device=padded.device)
    right = shifts[1, :, None] + torch.arange(size[1], device=padded.device)
    image = torch.arange(len(padded), device=padded.device)
    # indices around the channels' slice put them last
    windows = padded[image[:, None, None], :, down[:, :, None], right[:, None, :]]
    return windows.permute(0, 3, 1, 2).contiguous()
