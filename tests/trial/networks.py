"""Further networks that a trial has to see through."""

import random

import numpy as np
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from tests.users_networks import Plain, layers


class AllFrozen(Plain):
    """Nothing is to be trained."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.requires_grad_(False)


class Half(Plain):
    """In half precision."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.half()


class Mixed(Plain):
    """Its last layer in float64."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.net[4].double()

    def forward(self, x):
        return self.net[4](self.net[:4](x).double())


class Tied(Plain):
    """One weight under two names."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.other = nn.Linear(1, 1)
        self.other.weight = self.net[4].weight


class DictWhileTraining(Plain):
    """Gives a dictionary in training mode."""

    def forward(self, x):
        return {"logits": self.net(x)} if self.training else self.net(x)


class Detached(Plain):
    """Does not let gradients through to its input."""

    def forward(self, x):
        return self.net(x.detach())


class RoundsPixels(Plain):
    """Rounds pixels, with a gradient as if it did not."""

    def forward(self, x):
        return self.net(x + ((8 * x).round() / 8 - x).detach())


class HalfDetached(Plain):
    """Lets gradients through to the upper half of an image alone."""

    def forward(self, x):
        upper, lower = x.chunk(2, dim=2)
        return self.net(torch.cat([upper, lower.detach()], dim=2))


class InNumpy(Plain):
    """Weighs pixels by what numpy makes of them."""

    def forward(self, x):
        return self.net(x * torch.from_numpy(np.tanh(x.detach().cpu().numpy())).to(x))


class DropsAlways(Plain):
    """Dropout in eval mode too."""

    def forward(self, x):
        return self.net(nn.functional.dropout(x, 0.5, training=True))


class PixelsAlone(Plain):
    """Refuses inputs that are no pixels, with some room for attacks."""

    def forward(self, x):
        if x.abs().max() > 10:
            raise ValueError("no pixels")
        return super().forward(x)


class BatchStatistics(Plain):
    """Normalises by the batch it is in."""

    def forward(self, x):
        return self.net(x - x.mean(dim=0))


class NumpyConstant(Plain):
    """A constant drawn by numpy, outside of its state."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.mask = torch.from_numpy(np.random.default_rng().random(shape)).float()

    def forward(self, x):
        return self.net(x * self.mask)


class KeepsOutside(Plain):
    """Moves an attribute in training mode that its state does not have."""

    scale = 1.0

    def forward(self, x):
        if self.training:
            self.scale = self.scale * 1.5
        return self.net(x) * self.scale


class FirstBatch(Plain):
    """Its first pass sets how inputs are shifted, as ActNorm does."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.shift = nn.Parameter(torch.zeros(()))
        self.register_buffer("ready", torch.tensor(False))

    def forward(self, x):
        if not self.ready:
            with torch.no_grad():
                self.shift.copy_(x.mean())
                self.ready.fill_(True)
        return self.net(x - self.shift)


class FirstBatchUnseen(FirstBatch):
    """Whether it is ready is no part of its state."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        del self.ready
        self.ready = torch.tensor(False)


class Counts(Plain):
    """Counts its passes, which changes no output."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.register_buffer("passes", torch.zeros(()))

    def forward(self, x):
        self.passes += 1
        return self.net(x)


class DetachedWeight(Plain):
    """One of its weights gets no gradient, and moves the outputs all the same."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.shift = nn.Parameter(torch.randn(classes))

    def forward(self, x):
        return self.net(x) + self.shift.detach()


class WithoutGradient(Plain):
    """A layer runs under no_grad."""

    def forward(self, x):
        with torch.no_grad():
            shift = self.net[4](self.net[3](x.expand(-1, 8, -1, -1)))
        return self.net[:3](x).mean(dim=(2, 3))[:, : shift.shape[1]] + shift


class OtherMemory(Plain):
    """Normalises a weight by giving it other memory."""

    def forward(self, x):
        weight = self.net[4].weight
        weight.data = nn.functional.normalize(weight.data)
        return self.net(x)


class OwnGenerator(Plain):
    """Drops pixels by a generator of its own while it is trained."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.generator = torch.Generator().manual_seed(1)

    def forward(self, x):
        if self.training:
            x = x * (torch.rand(x.shape, generator=self.generator) > 0.2)
        return self.net(x)


class Warmup(Plain):
    """Counts in Python how often it was trained."""

    passes = 0

    def forward(self, x):
        self.passes += self.training
        return self.net(x * min(1.0, self.passes / 20) if self.training else x)


class Drops(Plain):
    """Dropout by all of the global generators while it is trained."""

    def forward(self, x):
        if self.training:
            x = nn.functional.dropout(x, 0.2) * random.random() * np.random.random()  # noqa: NPY002
        return self.net(x)


class Once(torch.autograd.Function):
    """A function that can be differentiated once, and says so."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, slope):
        if torch.is_grad_enabled():
            raise RuntimeError("the derivative of Once is not implemented")
        return slope * ctx.saved_tensors[0].cos()


class NoSecondDerivative(Plain):
    """Goes through it."""

    def forward(self, x):
        return Once.apply(self.net(x))


class Rooted(Plain):
    """A square root at 0: its gradient is infinite."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.zero = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.net(x) + self.zero.abs().sqrt()


class CompiledInside(Plain):
    """A part of it is compiled, and a part in place."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.net = torch.compile(layers(classes, shape), backend="aot_eager")
        self.net._orig_mod[4].compile(backend="aot_eager")


class Overlapping(Plain):
    """A buffer that is a part of another."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        numbers = torch.arange(4.0)
        self.register_buffer("whole", numbers)
        self.register_buffer("part", numbers[1:])


class WithExtraTensor(Plain):
    """Extra state that is a tensor."""

    def get_extra_state(self):
        return torch.ones(1)

    def set_extra_state(self, state):
        assert state.shape == (1,)


def lazy(classes, shape):
    """Its sizes are known after the first pass only."""
    return nn.Sequential(nn.LazyConv2d(4, 3), nn.GELU(), nn.Flatten(), nn.LazyLinear(classes))


def spread(classes, shape):
    """Wrapped, as for several devices, as a whole and within."""
    model = Plain(classes, shape)
    model.net = nn.DataParallel(model.net)
    return nn.DataParallel(model)


class WideLogits(Plain):
    """A network in float32 that gives float64."""

    def forward(self, x):
        return super().forward(x).double()


def orthogonal(classes, shape):
    """Its parametrization reads signs off weights that the loss does not depend on."""
    model = Plain(classes, shape)
    nn.utils.parametrizations.orthogonal(model.net[-1])
    return model


class DoubledGradient(Plain):
    """A hook on a tensor makes the gradient another one than the loss's."""

    def forward(self, x):
        hidden = self.net[0](x)
        if hidden.requires_grad:
            hidden.register_hook(lambda gradient: 2 * gradient)
        return self.net[1:](hidden)


def scripted(classes, shape):
    """Compiled by TorchScript."""
    return nn.Sequential(torch.jit.script(Plain(classes, shape).net))


class SparseBuffer(Plain):
    """Keeps a sparse matrix in its state."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.register_buffer("mask", torch.eye(classes).to_sparse())

    def forward(self, x):
        return torch.sparse.mm(self.mask, super().forward(x).t()).t()


class Unmade(Plain):
    """Made on the meta device."""

    def __init__(self, classes, shape):
        with torch.device("meta"):
            super().__init__(classes, shape)


class Checkpointed(Plain):
    """Computes its activations again in the backward pass, with the weights of that moment."""

    def forward(self, x):
        hidden = checkpoint(self.net[:3], x, use_reentrant=self.reentrant)
        return self.net[3:](hidden)

    reentrant = False


class CheckpointedReentrant(Checkpointed):
    """The older way, which knows no gradients of chosen tensors."""

    reentrant = True
