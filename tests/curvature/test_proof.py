"""On any network the products are those of the network as written, or there are none."""

import logging

import pytest
import torch
from torch import nn
from torch.nn import functional

from advscape.attacks.pgd import PGD
from advscape.attacks.refine import refine
from advscape.attacks.samples import AttackedSamples
from advscape.curvature.gauss_newton import GaussNewtonOperator
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.measure import Settings, Unmeasured, measure
from advscape.curvature.optimality import attack_optimality
from advscape.curvature.paths import FAST, PLAIN, WRITTEN_OUT
from advscape.curvature.proof import UnprovenHessian, proven_path
from advscape.curvature.response import ResponseOperator
from advscape.curvature.total import TotalOperator
from advscape.threat import ThreatModel
from tests import users_networks as users
from tests.curvature.maximisers import Case, central_differences
from tests.networks import assert_same, snapshot

SHAPE = (1, 6, 6)


class OldWeightNorm(users.Plain):
    """torch's weight norm by a hook."""

    def __init__(self, classes, shape):
        super().__init__(classes, shape)
        with pytest.warns(FutureWarning):
            self.net[0] = nn.utils.weight_norm(self.net[0])


class FloatInside(users.Plain):
    """Asks for float32 whatever it is given."""

    def forward(self, x):
        return self.net(x.float() - torch.full((), 0.5, dtype=torch.float32))


class ReadsTwice(users.Plain):
    """Changes a convolution's output in place between it and the norm."""

    def forward(self, x):
        return self.net[1:](self.net[0](x).mul_(2).sin_())


class LateFork(users.Plain):
    """What a convolution gives goes elsewhere for some inputs only."""

    def forward(self, x):
        y = self.net[0](x)
        more = y.tanh().mean((2, 3)) if x.mean() > 0.2 else y.new_zeros(len(x), y.shape[1])
        return self.net[1:](y) + more[:, :3]


class Recurrent(nn.Module):
    """Rows one after the other."""

    def __init__(self, classes, shape):
        super().__init__()
        self.lstm = nn.LSTM(shape[2], 5, batch_first=True)
        self.head = nn.Linear(5, classes)

    def forward(self, x):
        return self.head(self.lstm(x[:, 0])[0][:, -1])


class ReLUs(nn.Sequential):
    """Kinks in every layer."""

    def __init__(self, classes, shape):
        super().__init__(
            nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(),
            nn.Linear(8 * 9, classes),
        )  # fmt: skip


WRITTEN = {
    "plain": (users.Plain, FAST),
    "own forward": (users.own_layer_forward, FAST),
    "hook between": (users.HookBetween, FAST),
    "output used twice": (users.UsedTwiceUnseen, FAST),
    "unused weight": (users.UnusedWeight, FAST),
    "attention": (users.FusedAttention, FAST),
    "float64": (users.Double, FAST),
    "frozen layer": (users.FrozenLayer, FAST),
    "shared buffer": (users.SharedBuffer, FAST),
    "by keyword": (users.CalledByKeyword, FAST),
    "image by image": (users.ImageByImage, FAST),
    "weight norm": (users.WeightNorm, WRITTEN_OUT),
    "weight norm by a hook": (OldWeightNorm, WRITTEN_OUT),
    "hard sigmoid": (users.hard_sigmoid, WRITTEN_OUT),
    "ensemble": (users.Ensemble, PLAIN),
    "float32 inside": (FloatInside, FAST),
    "changed in place": (ReadsTwice, FAST),
    "late fork": (LateFork, FAST),
    "recurrent": (Recurrent, FAST),
    "kinks": (ReLUs, FAST),
}


def made(kind, dtype=torch.float32):
    """A network whose norms have statistics and weights of their own, in eval mode."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = kind(3, SHAPE)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                for tensor in (module.weight.data, module.bias.data, module.running_mean):
                    tensor.normal_().add_(1)
                module.running_var.uniform_(0.5, 2)
    return model.to(dtype).eval()


def samples(n=12, dtype=torch.float32):
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(n, *SHAPE, generator=generator, dtype=torch.float64).to(dtype)
    return x, torch.randint(0, 3, (n,), generator=generator)


def by_differences(model, x, y, v, h=1e-5):
    """H v of the mean loss: central differences of torch's own gradient, of fourth order."""
    weights = [p for p in model.parameters() if p.requires_grad]
    here = nn.utils.parameters_to_vector(weights).detach().clone()

    def gradient(step):
        nn.utils.vector_to_parameters(here + step, weights)
        loss = functional.cross_entropy(model(x.clone()), y)
        return torch.cat([g.reshape(-1) for g in
                          torch.autograd.grad(loss, weights, materialize_grads=True)])  # fmt: skip

    def slope(k):
        return gradient(k * h * v) - gradient(-k * h * v)

    try:
        return (8 * slope(1) - slope(2)) / (12 * h)
    finally:
        nn.utils.vector_to_parameters(here, weights)


@pytest.mark.parametrize(
    "name", [name for name in WRITTEN if name not in ("float32 inside", "kinks")]
)
def test_products_are_those_of_the_network_as_written(name, generator):
    kind, path = WRITTEN[name]
    model = made(kind, torch.float64)
    x, y = samples(dtype=torch.float64)
    operator = HessianOperator(model, x, y, 5)
    v = operator.random_vector(generator)
    exact = by_differences(model, x, y, v)
    assert (operator @ v - exact).norm() < 1e-6 * exact.norm()
    assert proven_path(operator) is path


@pytest.mark.parametrize("name", WRITTEN)
def test_a_network_in_its_own_precision_takes_the_same_path_and_is_left_as_it_was(name):
    kind, path = WRITTEN[name]
    dtype = torch.float64 if name == "float64" else torch.float32
    model = made(kind, dtype)
    before = snapshot(model)
    x, y = samples(dtype=dtype)
    assert proven_path(HessianOperator(model, x, y, 12)) is path
    assert_same(before, snapshot(model))
    assert {p.dtype for p in model.parameters()} == {dtype}


def test_a_product_with_kinks_is_torchs_own(generator):
    model = made(ReLUs, torch.float64)
    x, y = samples(dtype=torch.float64)
    operator = HessianOperator(model, x, y, 12)
    v = operator.random_vector(generator)
    weights = list(model.parameters())
    loss = functional.cross_entropy(model(x), y)
    slopes = torch.autograd.grad(loss, weights, create_graph=True)
    pieces = [piece.view_as(p) for piece, p in
              zip(v.split([p.numel() for p in weights]), weights, strict=True)]  # fmt: skip
    exact = torch.cat([h.reshape(-1) for h in torch.autograd.grad(slopes, weights, pieces)])
    assert (operator @ v - exact).norm() < 1e-12 * exact.norm()


def under_attack(kind):
    """A network whose attack stands at its maxima, in float64."""
    model, threat = made(kind, torch.float64), ThreatModel("l2", 0.3)
    x, y = samples(8, torch.float64)
    generator = torch.Generator().manual_seed(0)
    start = PGD(threat, 20)(model, x, y, generator)
    found = refine(model, AttackedSamples(x, start, y, threat), 2000, 1e-12)
    optimality = attack_optimality(model, AttackedSamples(x, found.perturbed, y, threat), 1e-9, 8)
    assert optimality.n_valid >= 4
    return Case(model, x, found.perturbed, y, threat, optimality)


@pytest.mark.parametrize(
    "name", ["own forward", "hook between", "output used twice", "weight norm"]
)
def test_the_response_is_that_of_the_network_as_written(name, generator):
    kind, path = WRITTEN[name]
    case = under_attack(kind)
    total = TotalOperator(case.model, case.optimality.maxima, 8, 1e-10, max_steps=500)
    response = ResponseOperator(case.model, case.optimality.maxima, 8, 1e-10, max_steps=500)
    maxima = case.optimality.maxima
    frozen = HessianOperator(case.model, maxima.x, maxima.y, 8)
    v = total.random_vector(generator)
    exact = central_differences(case, v)
    assert (total @ v - exact).norm() < 1e-5 * exact.norm()
    assert (frozen @ v + response @ v - exact).norm() < 1e-5 * exact.norm()
    assert proven_path(total) is path


@pytest.mark.parametrize("distance", [3e-8, 3e-9, 1e-12])
def test_kinks_near_the_samples_do_not_hide_that_products_are_right(distance, generator):
    """An attack ends in kinks; with images of 224 pixels some unit of millions is near to one."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(36, 20), nn.ReLU(), nn.Linear(20, 3)).eval()
    x = torch.rand(1, *SHAPE, generator=generator).expand(8, *SHAPE).contiguous()
    with torch.no_grad():
        model.double()
        before = model[1](x.double().flatten(1))[0]
        model[1].bias[:4] -= before[:4] - distance
        x = x.double()
    path = proven_path(HessianOperator(model, x, torch.arange(8) % 3, 8))
    assert path is FAST


def test_gauss_newton_products_are_proven_too(generator):
    x, y = samples(dtype=torch.float64)
    operator = GaussNewtonOperator(made(users.own_layer_forward, torch.float64), x, y, 12)
    assert (operator @ operator.random_vector(generator)).isfinite().all()
    assert proven_path(operator) is FAST


class OneWay(torch.autograd.Function):
    """A straight-through estimator: its gradient is that of another function."""

    @staticmethod
    def forward(ctx, x):
        return x.sign()

    @staticmethod
    def backward(ctx, slope):
        return slope * 1.0


class Forgets(torch.autograd.Function):
    """A square whose gradient has no graph: its second derivative looks like 0."""

    @staticmethod
    def forward(ctx, x):
        ctx.x = x.detach()
        return x * x

    @staticmethod
    def backward(ctx, slope):
        return 2 * ctx.x * slope


class Through(users.Plain):
    """Logits through such a function."""

    function: type

    def forward(self, x):
        return self.net[4](self.function.apply(self.net[:4](x)))


class Binary(Through):
    """Its products are right but for the kinks, where its gradient is none."""

    function = OneWay


class Wrong(Through):
    """Its products are wrong."""

    function = Forgets


@pytest.mark.parametrize("kind", [users.Random, Wrong])
def test_what_cannot_be_shown_is_not_given(kind, caplog):
    x, y = samples()
    operator = HessianOperator(made(kind), x, y, 12)
    settings = Settings(1e-3, 20, 2, None, lambda name: torch.Generator().manual_seed(0))
    with caplog.at_level(logging.WARNING):
        found = measure(operator, 12, settings, "train, clean, total")
    assert isinstance(found, Unmeasured)
    assert found.reason.count("not with") == 3
    assert "a product is off by" in found.reason
    assert found.reason in caplog.text
    with pytest.raises(UnprovenHessian):
        operator @ operator.random_vector(torch.Generator())


class Autocast(users.Plain):
    """Its layers round to bfloat16 in float32, and not in float64."""

    def forward(self, x):
        with torch.autocast("cpu", torch.bfloat16):
            return self.net(x).float()


def test_products_in_half_precision_are_not_given():
    x, y = samples()
    rounded, plain = made(Autocast), made(users.Plain)
    weights = [*plain.parameters()]
    with torch.no_grad():
        for one, other in zip(rounded.parameters(), weights, strict=True):
            other.copy_(one)

    def product(model):
        over = [*model.parameters()]
        loss = functional.cross_entropy(model(x), y)
        slopes = torch.autograd.grad(loss, over, create_graph=True)
        return torch.autograd.grad(slopes, over, [w.detach() for w in weights])[0]

    away = product(rounded) - product(plain)
    assert away.norm() > 2e-3 * product(plain).norm()  # more than proofs allow
    with pytest.raises(UnprovenHessian, match="it computes in bfloat16; allowed: float32"):
        proven_path(HessianOperator(rounded, x, y, 12))


def test_the_log_says_which_path_is_taken_and_why(caplog):
    x, y = samples()
    with caplog.at_level(logging.WARNING):
        proven_path(HessianOperator(made(users.WeightNorm), x, y, 12))
    assert len(caplog.messages) == 1
    assert "weight norm and hard sigmoid written out" in caplog.text
    assert "off by" in caplog.text
    assert "net.4.parametrizations.weight.original1" in caplog.text


def test_a_method_on_the_class_of_the_layer_is_seen(monkeypatch, generator):
    def forward(self, x):
        return functional.conv2d(x, self.weight.tanh(), self.bias, self.stride, self.padding)

    monkeypatch.setattr(nn.Conv2d, "forward", forward)
    model = made(users.Plain, torch.float64)
    x, y = samples(dtype=torch.float64)
    operator = HessianOperator(model, x, y, 12)
    v = operator.random_vector(generator)
    exact = by_differences(model, x, y, v)
    assert (operator @ v - exact).norm() < 1e-6 * exact.norm()
    assert proven_path(operator) is FAST


def test_batches_are_halved_where_memory_does_not_hold_them(monkeypatch, generator):
    model, (x, y) = made(users.Plain, torch.float64), samples(dtype=torch.float64)
    whole = HessianOperator(model, x, y, 12)
    v = whole.random_vector(generator)
    exact, start = whole @ v, whole.start_vector(torch.Generator().manual_seed(0))
    plain = type(model).forward

    def forward(self, x):
        if len(x) > 4:
            raise torch.OutOfMemoryError
        return plain(self, x)

    proven = proven_path(whole)
    monkeypatch.setattr(users.Plain, "forward", forward)
    small = HessianOperator(model, x, y, 12)
    assert proven_path(small) is proven
    torch.testing.assert_close(small @ v, exact, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(
        small.start_vector(torch.Generator().manual_seed(0)), start, rtol=1e-12, atol=1e-14
    )
