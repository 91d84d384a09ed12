"""How weights are moved and put back, and which rescalings of a network change what."""

import copy

import pytest
import torch
from torch import nn

from advscape.losses import precise_losses
from advscape.models.flat import flattened
from advscape.models.restored import moved
from advscape.sharpness.average import average_sharpness
from advscape.sharpness.ball import L2Ball, LinfBall, gaussian
from advscape.sharpness.fixed_inputs import FixedInputs
from advscape.sharpness.logits import normalised_losses
from advscape.sharpness.perturbation import (
    adaptive_scale,
    layer_scale,
    plain_scale,
)
from advscape.sharpness.worst import worst_sharpness
from tests.networks import assert_same, batch, small_net, snapshot


def relu_net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3)
        ).double()  # fmt: skip


def rescaled(net, factor):
    """The same function: the first layer times the factor, the second divided by it."""
    other = copy.deepcopy(net)
    with torch.no_grad():
        other[1].weight.mul_(factor)
        other[1].bias.mul_(factor)
        other[3].weight.div_(factor)
    return other


def confident(net, factor):
    """The same network with its last layer, and so all logits, times the factor."""
    other = copy.deepcopy(net)
    with torch.no_grad():
        other[3].weight.mul_(factor)
        other[3].bias.mul_(factor)
    return other


def sharpness(net, scale, ball, case, loss=precise_losses):
    """One measure of Andriushchenko et al., radius 0.05, at fixed inputs."""
    x, _ = batch(20)
    y = net(x).argmax(dim=1)  # all right, so that most moves cost
    parameters = list(net.parameters())
    inputs = FixedInputs(net, parameters, x, y, batch_size=7)
    generator = torch.Generator().manual_seed(0)
    c = scale(parameters)
    if case == "average":
        draw = {
            "l2": lambda like: 0.05 * gaussian(generator, like),
            "linf": lambda like: LinfBall(0.05).draw(generator, like),
        }[ball]
        return average_sharpness(lambda: inputs.values(loss), parameters, c, draw, 5, len(y))[0]
    region = L2Ball(0.05, (len(c),)) if ball == "l2" else LinfBall(0.05)
    return worst_sharpness(
        lambda: inputs.slope(loss), parameters, c, region, 12, 2, generator, len(y)
    )


@pytest.mark.parametrize("case", ["average", "worst"])
@pytest.mark.parametrize("ball", ["l2", "linf"])
def test_rescaling_a_pair_of_relu_layers_changes_the_plain_measures_only(ball, case):
    """Why both are given: the plain ones call one and the same function sharp and flat."""
    net = relu_net()
    same_function = rescaled(net, 20.0)
    adaptive = [sharpness(m, adaptive_scale, ball, case) for m in (net, same_function)]
    assert adaptive[0].value == pytest.approx(adaptive[1].value, rel=1e-9)
    assert adaptive[0].spread == pytest.approx(adaptive[1].spread, rel=1e-6)
    plain = [sharpness(m, plain_scale, ball, case).value for m in (net, same_function)]
    assert max(plain) > 1.5 * min(plain)


@pytest.mark.parametrize("case", ["average", "worst"])
def test_a_larger_last_layer_changes_all_but_the_normalised_measures(case):
    net = relu_net()
    louder = confident(net, 10.0)
    one, two = (
        sharpness(m, adaptive_scale, "l2", case, normalised_losses).value for m in (net, louder)
    )
    assert one == pytest.approx(two, rel=1e-9)
    one, two = (sharpness(m, adaptive_scale, "l2", case).value for m in (net, louder))
    assert two > 2 * one


@pytest.mark.parametrize("case", ["average", "worst"])
def test_the_model_is_left_as_it_was(case):
    model = small_net(dtype=torch.float32)
    model[0].weight.requires_grad_(False)
    before = snapshot(model)
    x, y = batch(dtype=torch.float32)
    parameters = [p for p in model.parameters() if p.requires_grad]
    inputs = FixedInputs(model, parameters, x, y, 4)
    c, generator = adaptive_scale(parameters), torch.Generator().manual_seed(0)
    if case == "average":
        average_sharpness(lambda: inputs.values(precise_losses), parameters, c,
                          lambda like: gaussian(generator, like), 3, len(y))  # fmt: skip
    else:
        worst_sharpness(lambda: inputs.slope(precise_losses), parameters, c, LinfBall(0.1), 3, 2,
                        generator, len(y))  # fmt: skip
    assert_same(before, snapshot(model))


def test_weights_are_moved_in_place_and_restored_after_an_error():
    model = small_net(dtype=torch.float32)
    parameters = list(model.parameters())
    before, weights = snapshot(model), flattened(parameters)
    step = gaussian(torch.Generator().manual_seed(0), weights)
    with moved(parameters, step):
        assert torch.equal(flattened(parameters), weights + step)
    assert_same(before, snapshot(model))
    with pytest.raises(RuntimeError), moved(parameters, step):
        raise RuntimeError
    assert_same(before, snapshot(model))


def test_a_step_of_another_length_moves_nothing():
    model = small_net()
    before = snapshot(model)
    with pytest.raises(RuntimeError), moved(list(model.parameters()), torch.ones(3)):
        pass
    assert_same(before, snapshot(model))


def test_layers_are_moved_relative_to_their_length_and_batch_norm_stays():
    model = small_net()
    parameters = list(model.parameters())
    pieces = layer_scale(model, parameters).split([p.numel() for p in parameters])
    named = dict(zip([name for name, _ in model.named_parameters()], pieces, strict=True))
    assert set(named) == {"0.weight", "0.bias", "1.weight", "1.bias", "4.weight", "4.bias"}
    for name, p in model.named_parameters():
        wanted = 0.0 if name.startswith("1.") else float(p.detach().norm())
        assert torch.allclose(named[name], torch.full_like(named[name], wanted))


def test_fixed_inputs_do_not_depend_on_the_batch_size():
    model, (x, y) = small_net(), batch(10)
    parameters = list(model.parameters())
    one, two = (FixedInputs(model, parameters, x, y, size) for size in (10, 3))
    assert torch.allclose(one.values(precise_losses, normalised_losses),
                          two.values(precise_losses, normalised_losses), rtol=1e-12)  # fmt: skip
    (value, gradient), (again, other) = one.slope(precise_losses), two.slope(precise_losses)
    assert value == pytest.approx(again, rel=1e-12)
    assert torch.allclose(gradient, other, rtol=1e-10)
    model.eval()
    loss = nn.functional.cross_entropy(model(x), y)
    assert value == pytest.approx(float(loss.detach()), rel=1e-12)
    wanted = torch.autograd.grad(loss, parameters)
    assert torch.allclose(gradient, flattened(wanted), rtol=1e-9)
