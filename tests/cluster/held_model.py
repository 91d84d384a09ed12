"""A network that can be made to stand still in the middle of its training.

While there is a file `hold` in the working folder, a training stops in one of its first epochs and
puts a file named after its SLURM job into `waiting/`; it goes on when that is taken away.
"""

import os
import time
from pathlib import Path

from torch import nn

#: forward passes in training mode before it may stop: some epochs, and so some checkpoints
PASSES = 40


class Held(nn.Module):
    """Two linear layers."""

    def __init__(self, classes, shape):
        super().__init__()
        channels, height, width = shape
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(channels * height * width, 16),
            nn.GELU(),
            nn.Linear(16, classes),
        )
        self.passes = 0

    def forward(self, x):
        """Logits (n, classes) of images (n, channels, height, width)."""
        if self.training:
            self.passes += 1
            if self.passes == PASSES and Path("hold").exists():
                _wait(Path("waiting", os.environ["SLURM_JOB_ID"]))
        return self.layers(x)


def _wait(marker):
    marker.parent.mkdir(exist_ok=True)
    marker.touch()
    while marker.exists():
        time.sleep(0.2)
