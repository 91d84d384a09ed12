"""The loss: its samples, its network, and what it refuses."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import advscape
from tests.networks import as_network, assert_same, batch, small_net, snapshot
from tests.trial import networks

L2 = {"norm": "l2", "epsilon": 0.3, "attack": advscape.PGD(steps=5)}


def smooth():
    return small_net(activation=nn.GELU)


def test_a_loader_of_uneven_batches_is_the_same_as_tensors():
    x, y = batch(23)
    loader = DataLoader(TensorDataset(x, y), batch_size=7)
    one = advscape.AdversarialLoss(smooth(), loader, **L2)
    two = advscape.AdversarialLoss(smooth(), x, y, batch_size=7, **L2)
    whole = advscape.AdversarialLoss(smooth(), x, y, **L2)
    assert one.value == two.value
    assert one.accuracy == two.accuracy
    values = [loss.hessian("total").eigenvalues().value for loss in (one, two, whole)]
    assert values[0] == values[1]
    assert values[2] == pytest.approx(values[0], rel=1e-4)  # other random starts, the same maxima


def test_means_and_errors_are_those_of_the_samples():
    x, y = batch(23)
    loss = advscape.AdversarialLoss(smooth(), x, y, norm="l2", epsilon=0, batch_size=5)
    with torch.no_grad():
        each = nn.functional.cross_entropy(smooth().eval()(x), y, reduction="none").numpy()
        right = (smooth().eval()(x).argmax(dim=1) == y).numpy()
    assert float(loss.value) == pytest.approx(each.mean(), rel=1e-12)
    assert loss.value.stderr == pytest.approx(each.std(ddof=1) / np.sqrt(23), rel=1e-9)
    assert loss.accuracy.value == right.mean()
    assert loss.value.n == 23


def test_at_epsilon_0_the_total_is_the_clean_one():
    loss = advscape.AdversarialLoss(smooth(), *batch(9), norm="linf", epsilon=0)
    one, two = (loss.hessian(term).eigenvalues() for term in ("clean", "total"))
    assert one.value == two.value


def test_a_linear_network_is_at_its_maxima_in_closed_form():
    """Logistic: the maximum is at -epsilon t w / |w|, and a single logit is allowed."""
    w = np.array([1.0, -2.0, 0.5])
    net = as_network(type("Line", (), {"w": w, "b": 0.3}))
    x, y = torch.rand(12, 3, dtype=torch.float64), torch.arange(12) % 2
    loss = advscape.AdversarialLoss(net, x, y, norm="l2", epsilon=0.2)
    t = 2 * y.numpy() - 1
    exact = np.logaddexp(0, -t * (x.numpy() @ w + 0.3) + 0.2 * np.linalg.norm(w)).mean()
    found = loss.optimality
    assert float(loss.value) + found.gain == pytest.approx(exact, rel=1e-10)
    assert found.n_valid == found.counts["sphere"] == found.n == 12
    assert found.converged
    assert found.firmness == pytest.approx(1)


def measure_all(loss):
    _ = loss.value, loss.accuracy, loss.optimality
    for term in ("clean", "total"):
        loss.hessian(term).eigenvalues()
    loss.landscape(points=3)
    for measure in ("adaptive_worst", "robust_average"):
        loss.sharpness(measure, radius=0.01, steps=1, restarts=1, draws=2)


class InPlace(nn.Module):
    """Changes its inputs in place."""

    def __init__(self):
        super().__init__()
        self.net = smooth()

    def forward(self, x):
        return self.net(x.sub_(0.1))


@pytest.mark.parametrize("make", [smooth, InPlace])
def test_nothing_is_left_changed(make):
    net = make()
    next(net.parameters()).requires_grad_(False)
    net(batch(4)[0]).sum().backward()  # gradients that are the user's
    x, y = batch(10)
    loader = DataLoader(TensorDataset(x, y), batch_size=4, shuffle=True)
    before, given, hooks = snapshot(net), x.clone(), dict(net._forward_pre_hooks)
    precision = torch.backends.cudnn.conv.fp32_precision
    loss = advscape.AdversarialLoss(net, loader, normalise=([0.5], [0.25]), **L2)
    measure_all(loss)
    assert_same(before, snapshot(net))
    assert torch.equal(x, given)
    assert dict(net._forward_pre_hooks) == hooks
    assert torch.backends.cudnn.conv.fp32_precision == precision
    assert "0.weight" not in loss.hessian("clean").names


def test_what_is_done_to_the_network_later_changes_nothing():
    net, (x, y) = smooth(), batch(8)
    loss = advscape.AdversarialLoss(net, x, y, **L2)
    with torch.no_grad():
        for p in net.parameters():
            p.zero_()
    assert loss.value == advscape.AdversarialLoss(smooth(), x, y, **L2).value


def test_normalised_inputs_are_the_networks_own():
    x, y = batch(8)
    loss = advscape.AdversarialLoss(smooth(), x, y, normalise=([0.5], [0.25]), norm="l2", epsilon=0)
    other = advscape.AdversarialLoss(smooth(), (x - 0.5) / 0.25, y, norm="l2", epsilon=0)
    assert loss.value == other.value


def test_a_box_keeps_inputs_inside_and_costs_the_attack():
    x, y = batch(12)
    free, boxed = (
        advscape.AdversarialLoss(smooth(), x, y, norm="linf", epsilon=0.4, box=box)
        for box in (False, True)
    )
    assert float(boxed.value) < float(free.value)
    inputs = boxed._attacked.perturbed
    assert 0 <= float(inputs.min()) <= float(inputs.max()) <= 1
    assert boxed.optimality.n == 12


def test_one_seed_repeats_everything():
    def numbers(seed):
        loss = advscape.AdversarialLoss(smooth(), *batch(10), seed=seed, **L2)
        H = loss.hessian("frozen")
        line = loss.landscape(points=3, seeds=2)
        return [
            float(loss.value), H.eigenvalues().value, H.trace(max_probes=4).value, *line.value,
            loss.sharpness("average", radius=0.1).value,
        ]  # fmt: skip

    torch.manual_seed(1)
    one = numbers(0)
    torch.manual_seed(2)
    assert numbers(0) == one
    assert all(a != b for a, b in zip(numbers(1), one, strict=True) if a != one[-3])


def test_a_landscape_has_its_error_over_directions_and_draws_itself():
    loss = advscape.AdversarialLoss(smooth(), *batch(10), **L2)
    line = loss.landscape(seeds=3, points=5, radius=0.5)
    assert line.alpha.tolist() == [-0.5, -0.25, 0, 0.25, 0.5]
    assert line.loss.shape == line.accuracy.shape == (3, 5)
    assert line.value[2] == pytest.approx(float(loss.value))
    assert line.stderr[2] == pytest.approx(0, abs=1e-12)
    assert line.stderr[0] == pytest.approx(line.loss[:, 0].std(ddof=1) / np.sqrt(3))
    axes = line.plot()
    assert len(axes.lines) == 4
    assert np.isnan(loss.landscape(points=3).stderr).all()


def tied():
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    net[1].weight = net[0].weight
    return net


def parts_of_one_memory(begin, weight=None):
    """Two layers whose weights are cut from one vector, the second one from a place on."""
    net, numbers = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 3)), torch.randn(28)
    net[0].weight = nn.Parameter(numbers[:16].view(4, 4) if weight is None else weight)
    net[1].weight = nn.Parameter(numbers[begin : begin + 12].view(3, 4))
    return net


class Noisy(nn.Module):
    """Draws noise at every call."""

    def __init__(self):
        super().__init__()
        self.line = nn.Linear(4, 3)

    def forward(self, x):
        return self.line(x + torch.randn_like(x))


class ByBatch(Noisy):
    """A sample's logits depend on the others."""

    def forward(self, x):
        return self.line(x - x.mean(dim=0))


class ByLargeBatch(Noisy):
    """The same, in large batches alone."""

    def forward(self, x):
        return self.line(x - x.mean(dim=0) if len(x) > 8 else x)


def kinked():
    return small_net(activation=nn.ReLU)


X, Y = torch.rand(6, 4), torch.arange(6) % 3
LINE = nn.Linear(4, 3)
REFUSED = {
    "norm: got 'l3'; allowed: l2, linf": {"norm": "l3"},
    "epsilon: got -1; allowed: a finite number >= 0": {"epsilon": -1},
    "x and y: got 6 inputs and 5 labels": {"y": Y[:5]},
    "y: got labels from 0 to 3; allowed: 0 to 2": {"y": torch.arange(6) % 4},
    "y: got float32 of shape (6,)": {"y": Y.float()},
    "y: got nothing": {"y": None},
    "x: got uint8 of shape (6, 4)": {"x": X.to(torch.uint8)},
    "x: got inputs from": {"x": X + 1, "box": True},
    "x: got no batch": {"x": [], "y": None},
    "x: got batches of list; allowed: pairs": {"x": [[X]], "y": None},
    "x: got values that are not finite": {"x": X / 0},
    "batch_size: got 0": {"batch_size": 0},
    "seed: got -1": {"seed": -1},
    "attack: got str": {"attack": "pgd"},
    "model: got str": {"model": "resnet"},
    "model: 0.weight and 1.weight share a tensor": {"model": tied()},
    "model: its 0.weight and 1.weight share memory; allowed: memory of its own": {
        "model": parts_of_one_memory(15)
    },
    "model: its 0.weight has several entries in one place": {
        "model": parts_of_one_memory(0, torch.randn(4, 1).expand(4, 4))
    },
    "model: it gives other outputs for the same inputs": {"model": Noisy()},
    "logits depend on the other samples": {"model": ByBatch()},
    "a sample's logits depend on the other": {"model": ByLargeBatch()},
    "model: its parameter weight is bfloat16": {"model": nn.Linear(4, 3).bfloat16()},
    "mat1 and mat2 shapes cannot be multiplied": {"model": nn.Linear(5, 3)},
    "normalise: got ([0.5], [0.0])": {"normalise": ([0.5], [0.0])},
    "normalise: got 0.5; allowed: (means": {"normalise": 0.5},
    "normalise: got ([0.5],); allowed: (means": {"normalise": ([0.5],)},
    "normalise: got ['a', 'b']; allowed: (means": {"normalise": ["a", "b"]},
    "epsilon: got '8/255'; allowed: a finite number >= 0": {"epsilon": "8/255"},
    "epsilon: got None; allowed: a finite": {"epsilon": None},
    "epsilon: got True; allowed: a finite": {"epsilon": True},
    "box: got 'no'; allowed: True or False": {"box": "no"},
}


@pytest.mark.parametrize("line", REFUSED)
def test_bad_input_is_refused_in_one_line(line):
    given = {"model": LINE, "x": X, "y": Y, "norm": "l2", "epsilon": 0.1} | REFUSED[line]
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        advscape.AdversarialLoss(given.pop("model"), given.pop("x"), given.pop("y"), **given)
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


QUESTIONS = {
    "term: got 'whole'; allowed: clean, frozen": lambda loss: loss.hessian("whole"),
    "response: got epsilon 0": lambda loss: loss.hessian("response"),
    "optimality: got epsilon 0": lambda loss: loss.optimality,
    "parameters: got 'conv*', which matches none; there are weight, bias": lambda loss: (
        loss.hessian("clean", parameters="conv*")
    ),
    "largest and smallest: got 16 and 0; allowed: 1 to 15 together": lambda loss: loss.hessian(
        "clean"
    ).eigenvalues(largest=16),
    "max_probes: got 1": lambda loss: loss.hessian("clean").trace(max_probes=1),
    "relative_error: got 0": lambda loss: loss.hessian("clean").trace(relative_error=0),
    "width: got -1": lambda loss: loss.hessian("clean").density(width=-1),
    "directions: got 'eigenvector'": lambda loss: loss.landscape(directions="eigenvector"),
    "attack: got 'pgd'": lambda loss: loss.landscape(attack="pgd"),
    "points: got 4; allowed: an odd": lambda loss: loss.landscape(points=4),
    "measure: got 'flat'": lambda loss: loss.sharpness("flat", radius=1.0),
    "radius: got nothing": lambda loss: loss.sharpness("worst"),
    "radius: got 1; allowed: none": lambda loss: loss.sharpness("weight_curvature", radius=1),
    "steps: got 0": lambda loss: advscape.PGD(steps=0),
    "parameters: got 3; allowed: a pattern of names": lambda loss: loss.hessian(
        "clean", parameters=3
    ),
    "vectors: got list; allowed: a tensor": lambda loss: loss.hessian("clean") @ [1.0],
    "vectors: got int64; allowed: real": lambda loss: (
        loss.hessian("clean") @ torch.ones(15, dtype=torch.int64)
    ),
    "vectors: got complex64; allowed: real": lambda loss: (
        loss.hessian("clean") @ torch.ones(15, dtype=torch.complex64)
    ),
    "vectors: got complex128; allowed: real": lambda loss: (
        loss.hessian("clean").to_scipy() @ np.ones(15, dtype=complex)
    ),
    "vectors: got shape ()": lambda loss: loss.hessian("clean") @ torch.tensor(1.0),
    "vectors: got shape (3,)": lambda loss: loss.hessian("clean") @ torch.ones(3),
}


@pytest.mark.parametrize("line", QUESTIONS)
def test_bad_questions_are_refused_in_one_line(line):
    loss = advscape.AdversarialLoss(LINE, X, Y, norm="l2", epsilon=0)
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        QUESTIONS[line](loss)
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_network_at_kinks_has_no_total_and_says_so():
    loss = advscape.AdversarialLoss(kinked(), *batch(20), norm="l2", epsilon=2.0)
    if not loss.optimality.converged:
        with pytest.raises(ValueError, match=r"total: \d+ of 20 samples are at strict maxima"):
            loss.hessian("total")
    assert loss.hessian("frozen").eigenvalues().converged


class Rounded(torch.autograd.Function):
    """Its derivative is not that of what it computes."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, slope):
        (x,) = ctx.saved_tensors
        return slope * x.detach()


class Wrong(Noisy):
    """A layer whose derivative is wrong."""

    def forward(self, x):
        return Rounded.apply(self.line(x))


def test_a_wrong_derivative_is_refused():
    loss = advscape.AdversarialLoss(Wrong(), X, Y, norm="l2", epsilon=0)
    assert loss.value.n == 6
    with pytest.raises(ValueError, match="clean: second derivatives cannot be shown to be right"):
        loss.hessian("clean").eigenvalues()


@pytest.mark.parametrize("wrapped", [nn.DataParallel, torch.compile])
def test_wrappers_and_compiled_networks_are_measured_as_they_are_written(wrapped):
    x, y = batch(8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loss = advscape.AdversarialLoss(wrapped(smooth()), x, y, **L2)
    assert loss.value == advscape.AdversarialLoss(smooth(), x, y, **L2).value


class KeepsFeatures(nn.Module):
    """Keeps what its last pass computed, as a hook that collects features does."""

    def __init__(self):
        super().__init__()
        self.net, self.features = smooth(), {}
        self.net[0].register_forward_hook(self._keep)

    def _keep(self, module, inputs, output):
        self.features["first"] = output

    def forward(self, x):
        return self.net(x)


def spectral_norm_by_hook():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.Sequential(
            nn.Flatten(), nn.utils.spectral_norm(nn.Linear(16, 3, dtype=torch.float64))
        )


def largest_by_double_backward(net, x, y):
    """Of the clean Hessian, dense, by torch alone."""
    weights = [*net.parameters()]
    slopes = torch.autograd.grad(nn.functional.cross_entropy(net(x), y), weights, create_graph=True)
    rows = [
        torch.cat([part.flatten() for part in torch.autograd.grad(
            entry, weights, retain_graph=True, materialize_grads=True)])
        for slope in slopes for entry in slope.flatten()
    ]  # fmt: skip
    return float(torch.linalg.eigvalsh(torch.stack(rows)).max())


@pytest.mark.parametrize("make", [KeepsFeatures, spectral_norm_by_hook])
def test_a_network_that_keeps_what_a_pass_has_computed_is_measured(make):
    x, y = batch(12)
    net = make().eval()
    net(x)  # from here on it holds tensors that torch does not copy
    loss = advscape.AdversarialLoss(net, x, y, norm="l2", epsilon=0)
    assert loss.value.value == pytest.approx(nn.functional.cross_entropy(net(x), y).item())
    top = loss.hessian("clean").eigenvalues(tolerance=1e-6).value
    assert top == pytest.approx(largest_by_double_backward(net, x, y), rel=1e-5)
    assert loss.landscape(points=3).value[1] == pytest.approx(loss.value.value)
    assert loss.sharpness("average", radius=0.01, draws=2).value != 0


def hook_of_its_own():
    net = smooth()
    net[0].register_forward_hook(lambda module, inputs, output: output * module.weight.mean())
    return net


def hook_on_another():
    net = smooth()
    first = net[0]
    net[-1].register_forward_pre_hook(lambda module, inputs: (inputs[0] * first.weight.mean(),))
    return net


def replaced_forward():
    net = smooth()
    linear, kept = net[-1], net[-1].forward
    linear.forward = lambda x: torch.tanh(kept(x))
    return net


class HoldsLambda(nn.Module):
    """Its forward is a lambda that holds the module."""

    def __init__(self):
        super().__init__()
        self.net = smooth()
        self.run = lambda x: self.net(x)

    def forward(self, x):
        return self.run(x)


@pytest.mark.parametrize("make", [hook_on_another, replaced_forward, HoldsLambda])
def test_a_function_that_holds_the_network_is_refused_and_not_followed(make):
    """Its copy would compute with the weights of the network that it was copied from."""
    net = make()
    before = snapshot(net)
    with pytest.raises(ValueError, match=r"model: its copy still uses the .*weight of the"):
        advscape.AdversarialLoss(net, *batch(6), **L2)
    assert_same(before, snapshot(net))


def test_a_function_that_is_given_the_module_is_measured():
    x, y = batch(6)
    net = hook_of_its_own()
    loss = advscape.AdversarialLoss(net, x, y, norm="l2", epsilon=0)
    top = loss.hessian("clean").eigenvalues(tolerance=1e-6).value
    assert top == pytest.approx(largest_by_double_backward(net.eval(), x, y), rel=1e-5)


def test_lazy_modules_get_their_weights_in_the_copy():
    x, y = batch(6)
    net = nn.Sequential(
        nn.LazyConv2d(2, 3), nn.LazyBatchNorm2d(), nn.Tanh(), nn.Flatten(), nn.LazyLinear(3)
    ).double()
    loss = advscape.AdversarialLoss(net, x, y, norm="l2", epsilon=0)
    assert loss.hessian("clean").shape == (20 + 4 + 27, 20 + 4 + 27)
    assert nn.parameter.is_lazy(net[1].running_mean)


class RealPairs(nn.Module):
    """A Fourier layer whose complex weights are pairs of real ones, behind an odd number."""

    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(3, dtype=torch.float64))
        self.mix = nn.Parameter(torch.randn(1, 4, 3, 2, dtype=torch.float64))
        self.net = smooth()

    def forward(self, x):
        mixed = torch.fft.rfft2(x) * torch.view_as_complex(self.mix)
        return self.net(torch.fft.irfft2(mixed, s=x.shape[2:])) + self.shift


def test_a_complex_view_of_real_weights_is_measured():
    (x, y), net = batch(12), RealPairs().eval()
    H = advscape.AdversarialLoss(net, x, y, norm="l2", epsilon=0).hessian("clean")
    found = H.eigenvalues(largest=2, tolerance=1e-6)
    assert found.value == pytest.approx(largest_by_double_backward(net, x, y), rel=1e-5)
    products = H @ found.vectors.T
    assert torch.allclose(products, found.vectors.T * torch.tensor(found.values), atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [1e-4, 1, 1e4])
def test_a_gradient_that_is_not_the_slope_is_said(dtype, size, caplog):
    """At inputs of any size; and networks with many kinks are not suspected."""
    x, y = torch.zeros(4, 1, 28, 28, dtype=dtype), Y[:4]
    x[:3, :, 10:14, 5:20] = 1  # black and white, as digits are
    net = nn.Sequential(
        nn.Conv2d(1, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(64, 64, 3),
        nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64 * 36, 3),
    )  # fmt: skip
    net[0].weight.data /= size
    net.to(dtype)
    advscape.AdversarialLoss(net, size * x, y, norm="l2", epsilon=size)
    assert "slope" not in caplog.text
    net.register_forward_pre_hook(lambda module, inputs: (inputs[0].clone().detach_() + inputs[0],))
    advscape.AdversarialLoss(net, size * x, y, norm="l2", epsilon=size)
    assert "the gradient in the inputs is not the slope of the loss" in caplog.text


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_gradients_that_the_caller_has_turned_off_form_inside(off):
    x, y = batch(6)
    with off():
        net = smooth()
        loss = advscape.AdversarialLoss(net, x + 0, y + 0, **L2)
        found = loss.hessian("clean").eigenvalues(tolerance=1e-6).value
        measure_all(loss)
        loader = [(x[:4] + 0, y[:4] + 0), (x[4:] + 0, y[4:] + 0)]
        measure_all(advscape.AdversarialLoss(net, loader, **L2))
        assert not torch.is_grad_enabled()
        H = loss.hessian("frozen")
        product = H @ torch.ones(H.shape[0], dtype=torch.float64)
    again = advscape.AdversarialLoss(smooth(), x, y, **L2)
    assert loss.value == again.value
    H = again.hessian("frozen")
    assert torch.equal(product.clone(), H @ torch.ones(H.shape[0], dtype=torch.float64))
    assert found == pytest.approx(largest_by_double_backward(smooth().eval(), x, y), rel=1e-5)


class DecaysWeights(nn.Module):
    """Writes into its weights in each pass, to let them decay in training mode."""

    def __init__(self, activation):
        super().__init__()
        self.net = nn.Sequential(
            nn.Flatten(), nn.Linear(16, 4), activation(), nn.Linear(4, 3)
        ).double()

    def forward(self, x):
        self.net[3].weight.data.mul_(0.99 if self.training else 1.0)
        return self.net(x)


@pytest.mark.parametrize("activation", [nn.GELU, nn.ReLU])
def test_a_network_that_writes_into_its_weights_is_measured(activation):
    """Standard errors by sample come between products, and leave the graph of these valid."""
    (x, y), net = batch(12), DecaysWeights(activation).eval()
    H = advscape.AdversarialLoss(net, x, y, norm="l2", epsilon=0).hessian("clean")
    traces = [H.trace(max_probes=2).value]
    found = H.eigenvalues(tolerance=1e-6)
    traces.append(H.trace(max_probes=2).value)
    assert found.value == pytest.approx(largest_by_double_backward(net, x, y), rel=1e-5)
    assert traces[0] == pytest.approx(traces[1], rel=1e-6)
    assert H.eigenvalues(tolerance=1e-6).value == pytest.approx(found.value, rel=1e-6)


class CallsCompiled(nn.Module):
    """A function that its forward calls is compiled."""

    def __init__(self):
        super().__init__()
        self.net = smooth()
        self.act = torch.compile(torch.sin, backend="aot_eager")

    def forward(self, x):
        return self.act(self.net(x))


def test_compiled_functions_are_measured_as_they_are_written():
    x, y = batch(12)
    net = CallsCompiled().eval()
    loss = advscape.AdversarialLoss(net, x, y, norm="l2", epsilon=0)
    top = loss.hessian("clean").eigenvalues(tolerance=1e-6).value
    net.act = torch.sin
    assert top == pytest.approx(largest_by_double_backward(net, x, y), rel=1e-5)


@pytest.mark.parametrize("kind", [networks.FirstBatch, networks.FirstBatchUnseen])
def test_a_network_that_its_first_batch_initialises_is_measured_after_that(kind):
    x, y = batch(12, dtype=torch.float32)
    net = kind(3, (1, 4, 4)).eval()
    with pytest.raises(ValueError, match="model: a pass in eval mode changes its shift"):
        advscape.AdversarialLoss(net, x, y, norm="l2", epsilon=0)
    right = nn.functional.cross_entropy(net(x), y).item()
    assert net.shift.item() == x.mean().item()
    loss = advscape.AdversarialLoss(net, x, y, norm="l2", epsilon=0)
    assert loss.value.value == pytest.approx(right, rel=1e-6)


def test_weights_in_one_memory_that_do_not_overlap_are_measured():
    """Recurrent layers keep theirs so; and halves of a matrix lie between each other."""
    whole = torch.randn(4, 8)
    halves = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 3))
    halves[0].weight, halves[1].weight = nn.Parameter(whole[:, :4]), nn.Parameter(whole[:3, 4:])
    for network in (parts_of_one_memory(16), halves):
        loss = advscape.AdversarialLoss(network, X, Y, norm="l2", epsilon=0)
        top = loss.hessian("clean").eigenvalues(tolerance=1e-6).value
        assert top == pytest.approx(largest_by_double_backward(network, X, Y), rel=1e-4)


def test_a_weight_without_a_gradient_is_refused_unless_it_is_frozen():
    """Lines would move it, and Hessians would not know of it."""
    x, y = batch(12, dtype=torch.float32)
    net = networks.DetachedWeight(3, (1, 4, 4)).eval()
    with pytest.raises(ValueError, match="model: its output depends on its parameter shift"):
        advscape.AdversarialLoss(net, x, y, norm="l2", epsilon=0)
    net.shift.requires_grad_(False)
    loss = advscape.AdversarialLoss(net, x, y, norm="l2", epsilon=0)
    assert "shift" not in loss.hessian("clean").names


def test_a_weight_that_a_pass_gives_other_memory_is_refused():
    """Landscapes would move the memory that it had before: flat lines."""
    net = networks.OtherMemory(3, (1, 4, 4)).eval()
    with pytest.raises(ValueError, match=r"model: a pass gives its net\.4\.weight other memory"):
        advscape.AdversarialLoss(net, *batch(12, dtype=torch.float32), norm="l2", epsilon=0)


@pytest.mark.parametrize("classes", [1, 3])
def test_a_sigmoid_at_the_end_is_said_and_logits_are_not(classes, caplog):
    net = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, classes))
    y = Y % max(classes, 2)
    advscape.AdversarialLoss(net, X, y, norm="l2", epsilon=0)
    assert "probabilities" not in caplog.text
    advscape.AdversarialLoss(nn.Sequential(net, nn.Sigmoid()), X, y, norm="l2", epsilon=0)
    assert "the outputs look like probabilities" in caplog.text
