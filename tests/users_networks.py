"""Networks as users write them, each with something that a measuring tool may trip over."""

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional


def layers(classes, shape, width=8):
    """Convolution, batch norm, GELU, linear layer."""
    c, h, w = shape
    return nn.Sequential(
        nn.Conv2d(c, width, 3, padding=1), nn.BatchNorm2d(width), nn.GELU(), nn.Flatten(),
        nn.Linear(width * h * w, classes),
    )  # fmt: skip


class Plain(nn.Module):
    """The layers as they are."""

    def __init__(self, classes, shape):
        super().__init__()
        self.net = layers(classes, shape)

    def forward(self, x):
        return self.net(x)


class StandardisedConv(nn.Conv2d):
    """Standardises its kernels in a forward of its own."""

    def forward(self, x):
        w = self.weight
        w = (w - w.mean((1, 2, 3), keepdim=True)) / (w.std((1, 2, 3), keepdim=True) + 1e-5)
        return functional.conv2d(x, w, self.bias, self.stride, self.padding)


class NormAndGELU(nn.BatchNorm2d):
    """Ends in a nonlinearity."""

    def forward(self, x):
        return functional.gelu(super().forward(x))


def own_layer_forward(classes, shape):
    c, h, w = shape
    return nn.Sequential(
        StandardisedConv(c, 8, 3, padding=1), NormAndGELU(8),
        nn.Conv2d(8, 8, 3, padding=1), NormAndGELU(8),
        nn.Flatten(), nn.Linear(8 * h * w, classes),
    )  # fmt: skip


class HookBetween(Plain):
    """A forward hook changes what a convolution gives to its norm."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.net[0].register_forward_hook(
            lambda module, inputs, output: output * output.mean((2, 3), keepdim=True).sigmoid()
        )


class UsedTwiceUnseen(nn.Module):
    """A convolution's output goes to a norm, and in pieces elsewhere."""

    def __init__(self, classes, shape):
        super().__init__()
        c, h, w = shape
        self.conv, self.bn = nn.Conv2d(c, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.fc = nn.Linear(8 * h * w, classes)

    def forward(self, x):
        y = self.conv(x)
        a, b = y.chunk(2, 1)
        return self.fc((functional.gelu(self.bn(y)) * torch.cat([b, a], 1).tanh()).flatten(1))


class UnusedWeight(Plain):
    """A layer is defined and never called."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.spare = nn.Linear(4, 4)


class FusedAttention(nn.Module):
    """A small vision transformer of torch's own layers."""

    def __init__(self, classes, shape):
        super().__init__()
        c, h, w = shape
        self.patch = nn.Conv2d(c, 16, 2, stride=2)
        self.position = nn.Parameter(0.02 * torch.randn(1, (h // 2) * (w // 2), 16))
        layer = nn.TransformerEncoderLayer(
            16, 2, 32, dropout=0.0, batch_first=True, activation="gelu"
        )
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = nn.Linear(16, classes)

    def forward(self, x):
        tokens = self.patch(x).flatten(2).transpose(1, 2) + self.position
        return self.head(self.encoder(tokens).mean(1))


def compiled(classes, shape):
    return torch.compile(layers(classes, shape), backend="aot_eager")


class ChangesInput(Plain):
    """Normalises its input in place."""

    def forward(self, x):
        x.sub_(0.5).div_(0.25)
        return self.net(x)


class NormalisesInput(Plain):
    """The same, out of place."""

    def forward(self, x):
        return self.net((x - 0.5) / 0.25)


class Double(Plain):
    """In float64."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.double()

    def forward(self, x):
        return self.net(x.double())


class FrozenLayer(Plain):
    """Its first convolution is not trained."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.net[0].requires_grad_(False)


class Normalize(nn.Module):
    """Two buffers, no parameters."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.5]).view(1, 1, 1, 1))
        self.register_buffer("std", torch.tensor([0.25]).view(1, 1, 1, 1))

    def forward(self, x):
        return (x - self.mean) / self.std


class SharedBuffer(nn.Module):
    """One module with buffers is a child of two branches."""

    def __init__(self, classes, shape):
        super().__init__()
        c, h, w = shape
        norm = Normalize()
        self.a = nn.Sequential(norm, nn.Conv2d(c, 4, 3, padding=1), nn.GELU(), nn.Flatten())
        self.b = nn.Sequential(norm, nn.Conv2d(c, 4, 5, padding=2), nn.GELU(), nn.Flatten())
        self.head = nn.Linear(8 * h * w, classes)

    def forward(self, x):
        return self.head(torch.cat([self.a(x), self.b(x)], 1))


class ExtraState(Plain):
    """Keeps a number with its weights."""

    temperature = 2.0

    def forward(self, x):
        return self.net(x) / self.temperature

    def get_extra_state(self):
        return {"temperature": self.temperature}

    def set_extra_state(self, state):
        self.temperature = state["temperature"]


class TupleWhileTraining(Plain):
    """Gives auxiliary logits too, in training mode."""

    def forward(self, x):
        z = self.net(x)
        return (z, z) if self.training else z


class Random(Plain):
    """Adds fresh noise to its input in eval mode too."""

    def forward(self, x):
        return self.net(x + 0.1 * torch.randn_like(x))


class Probabilities(Plain):
    """Ends in a softmax."""

    def forward(self, x):
        return self.net(x).softmax(1)


class Sigmoids(Plain):
    """Ends in a sigmoid of each logit."""

    def forward(self, x):
        return self.net(x).sigmoid()


class CalledByKeyword(Plain):
    """Gives a layer its input by keyword."""

    def forward(self, x):
        x = self.net[0](input=x)
        for layer in self.net[1:]:
            x = layer(x)
        return x


class ImageByImage(Plain):
    """Sends images one by one, without a batch axis, through a convolution."""

    def forward(self, x):
        return torch.cat([self.net[1:](self.net[0](image)[None]) for image in x])


class NormStaysInTrainMode(Plain):
    """Keeps a norm in training mode always."""

    def train(self, mode=True):
        super().train(mode)
        self.net[1].train()
        return self


class WeightNorm(Plain):
    """torch's weight norm on the linear layer."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        self.net[4] = nn.utils.parametrizations.weight_norm(self.net[4])


class ComplexWeights(Plain):
    """A Fourier layer with complex weights."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        c, h, w = shape
        self.mix = nn.Parameter(0.1 * torch.randn(c, h, w // 2 + 1, dtype=torch.cfloat))

    def forward(self, x):
        x = x + torch.fft.irfft2(torch.fft.rfft2(x) * self.mix, s=x.shape[2:])
        return self.net(x)


def hard_sigmoid(classes, shape):
    """A nonlinearity without a second derivative in torch."""
    model = layers(classes, shape)
    model[2] = nn.Hardsigmoid()
    return model


class Ensemble(nn.Module):
    """Members evaluated together by vmap over functional_call, as in torch's tutorial."""

    def __init__(self, classes, shape):
        super().__init__()
        c, h, w = shape
        self.members = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(c, 4, 3, padding=1),
                nn.GELU(),
                nn.Flatten(),
                nn.Linear(4 * h * w, classes),
            )
            for _ in range(2)
        )

    def forward(self, x):
        names = [name for name, _ in self.members[0].named_parameters()]
        stacked = {n: torch.stack([m.get_parameter(n) for m in self.members]) for n in names}
        return torch.vmap(lambda weights: functional_call(self.members[0], weights, (x,)))(
            stacked
        ).mean(0)


class LargeLogits(Plain):
    """Logits so large that probabilities underflow."""

    def forward(self, x):
        return 1000 * self.net(x)


class StandardisesEachImage(Plain):
    """Divides by each image's own deviation: 0 by 0 on a constant one."""

    def forward(self, x):
        mean = x.mean(dim=(1, 2, 3), keepdim=True)
        return self.net((x - mean) / x.std(dim=(1, 2, 3), keepdim=True))
