import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from advscape.attacks.pgd import PGD
from advscape.threat import ThreatModel

norms = st.sampled_from(["l2", "linf"])


def size(delta, norm):
    order = 2 if norm == "l2" else float("inf")
    return torch.linalg.vector_norm(delta.flatten(1), order, dim=1)


@given(norms, st.floats(0.0, 3.0), st.booleans(), st.integers(0, 100))
def test_projection_is_inside_and_leaves_the_inside_alone(norm, epsilon, box, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(5, 2, 3, 3, generator=generator, dtype=torch.float64)
    delta = torch.randn(x.shape, generator=generator, dtype=torch.float64)
    threat = ThreatModel(norm, epsilon, box)
    inside = threat.project(delta, x)
    # with a box x + delta - x rounds in units of x, not of epsilon
    assert torch.all(size(inside, norm) <= epsilon * (1 + 1e-12) + 1e-15)
    if box:
        assert (x + inside).min() >= 0
        assert (x + inside).max() <= 1
    assert torch.allclose(threat.project(inside, x), inside, atol=1e-15)


@given(norms, st.floats(0.01, 3.0), st.booleans(), st.integers(0, 100))
def test_what_rounding_took_from_its_bounds_is_settled_there(norm, epsilon, box, seed):
    """The referee is the perturbation before it was rounded to float32."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(5, 2, 3, 3, generator=generator).double()
    threat = ThreatModel(norm, epsilon, box)
    exact = threat.project(torch.randn(x.shape, generator=generator, dtype=torch.float64), x)
    near = 8 * torch.finfo(torch.float32).eps
    settled = threat.settled((x + exact).float().double() - x, x, near)
    assert torch.allclose(settled, exact, atol=4 * near)
    assert torch.all(size(settled, norm) <= epsilon * (1 + 1e-12) + 1e-15)
    if norm == "linf":
        at_ball = exact.abs() == epsilon
        assert torch.equal(settled.abs()[at_ball], exact.abs()[at_ball])
    if box:
        for corner in (0.0, 1.0):
            at_box = x + exact == corner
            assert torch.equal((x + settled)[at_box], (x + exact)[at_box])


@pytest.mark.parametrize("pixel", [8, 247])
def test_of_two_bounds_that_only_rounding_tells_apart_the_nearer_one_holds(pixel):
    """A radius of 8/255 reaches the box at 8/255 and at 247/255, as float32 has them or not."""
    threat, sign = ThreatModel("linf", 8 / 255, box=True), -1.0 if pixel == 8 else 1.0
    x = torch.full((1, 1, 1, 1), pixel / 255)
    settled = threat.settled(torch.full_like(x, sign * 8 / 255).double(), x.double(), 1e-6)
    gradient = torch.full_like(settled, sign)
    assert not threat.free(gradient, settled, x.double()).any()


@given(st.floats(0.1, 3.0), st.integers(0, 100))
def test_l2_projection_is_the_nearest_point_of_each_samples_ball(epsilon, seed):
    generator = torch.Generator().manual_seed(seed)
    delta = 3 * torch.randn(4, 1, 3, 3, generator=generator, dtype=torch.float64)
    projected = ThreatModel("l2", epsilon).project(delta, delta)
    for given_one, got in zip(delta, projected, strict=True):
        expected = given_one * min(1.0, epsilon / given_one.norm().item())
        assert torch.allclose(got, expected, atol=1e-12)


@pytest.mark.parametrize(("norm", "share"), [("l2", 0.5**8), ("linf", 0.5**8)])
def test_random_start_is_uniform_in_the_ball(norm, share):
    """In 8 dimensions half the radius holds 2^-8 of the volume."""
    x = torch.full((200_000, 8), 0.5)
    delta = ThreatModel(norm, 2.0).random_start(x, torch.Generator().manual_seed(0))
    inside = (size(delta, norm) < 1.0).double().mean().item()
    deviation = (share * (1 - share) / len(x)) ** 0.5
    assert abs(inside - share) < 4 * deviation
    assert delta.mean().abs() < 0.01


@given(norms, st.floats(0.01, 2.0))
def test_ascent_is_the_steepest_step(norm, length):
    gradient = torch.tensor([[3.0, -4.0], [0.0, 0.0]], dtype=torch.float64)
    step = ThreatModel(norm, 1.0).ascent(gradient, length)
    expected = [0.6, -0.8] if norm == "l2" else [1.0, -1.0]
    assert torch.allclose(step[0], length * torch.tensor(expected, dtype=torch.float64))
    assert torch.all(step[1] == 0)


@given(norms, st.floats(0.01, 4.0), st.booleans(), st.integers(0, 1000))
def test_the_linear_maximiser_beats_anything_of_the_set(norm, epsilon, box, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(5, 2, 3, generator=generator, dtype=torch.float64)
    x[0] = x[0].round()  # at the box already
    gradient = torch.randn(x.shape, generator=generator, dtype=torch.float64)
    gradient[1, 0] = 0
    threat = ThreatModel(norm, epsilon, box)
    best = threat.linear_maximiser(gradient, x)
    assert torch.allclose(threat.project(best, x), best, atol=1e-12)
    height = (gradient * best).flatten(1).sum(1)
    for _ in range(20):
        near = best + 0.1 * torch.randn(x.shape, generator=generator, dtype=torch.float64)
        for other in (threat.random_extreme(x, generator), threat.project(near, x)):
            assert ((gradient * other).flatten(1).sum(1) <= height + 1e-12).all()
    if norm == "l2":
        room = torch.where(gradient > 0, 1 - x, x) if box else torch.full_like(x, torch.inf)
        corner = torch.linalg.vector_norm(torch.where(gradient != 0, room, 0).flatten(1), dim=1)
        assert torch.allclose(size(best, "l2"), corner.clamp_max(epsilon), rtol=1e-12)
        free = threat.free(gradient, best, x) & (gradient != 0)
        slope = torch.where(free, best / gradient, torch.nan).flatten(1)
        spread = slope.nan_to_num(-1).amax(1) - slope.nan_to_num(torch.inf).amin(1)
        assert spread.max() < 1e-9  # a multiple of the gradient at the pixels that move
        assert torch.equal(best[~free].abs(), room.where(gradient != 0, 0)[~free])


@given(norms, st.floats(0.01, 4.0), st.booleans(), st.floats(0.01, 100), st.integers(0, 1000))
def test_the_damped_maximiser_beats_anything_of_the_set(norm, epsilon, box, damping, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(5, 2, 3, generator=generator, dtype=torch.float64)
    gradient = torch.randn(x.shape, generator=generator, dtype=torch.float64)
    threat = ThreatModel(norm, epsilon, box)
    delta = threat.random_start(x, generator)
    sizes = gradient.flatten(1).abs().mean(1) if norm == "linf" else size(gradient, "l2")
    pull = damping * sizes / epsilon

    def height(d):
        rise, away = (gradient * d).flatten(1).sum(1), (d - delta).flatten(1).square().sum(1)
        return rise - pull / 2 * away

    best = threat.damped_maximiser(gradient, delta, x, torch.full((5,), damping).double())
    assert torch.allclose(threat.project(best, x), best, atol=1e-12)
    for _ in range(20):
        near = best + 0.1 * epsilon * torch.randn(x.shape, generator=generator, dtype=torch.float64)
        for other in (delta, threat.random_extreme(x, generator), threat.project(near, x)):
            assert (height(other) <= height(best) + 1e-9 * sizes).all()
    undamped = threat.damped_maximiser(gradient, delta, x, torch.zeros(5).double())
    assert torch.allclose(undamped, threat.linear_maximiser(gradient, x), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("box", [False, True])
def test_the_linear_maximiser_of_no_gradient_is_no_noise(box):
    x = torch.rand(3, 4)
    assert torch.equal(
        ThreatModel("l2", 1.0, box).linear_maximiser(torch.zeros(3, 4), x), torch.zeros(3, 4)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("l1", 1.0), "norm: got 'l1'; allowed: l2, linf"),
        (("l2", -1.0), "epsilon: got -1.0; allowed: a finite number >= 0"),
        (("l2", float("nan")), "epsilon: got nan"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        ThreatModel(*arguments)


@pytest.mark.parametrize("box", [False, True])
@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("epsilon", [1e-40, 1e-25, 1.0, 3.0, 8.0, 1e6, 1e19, 1e30])
@pytest.mark.parametrize("size", [1e-30, 1e-3, 1e30])
def test_radii_and_gradients_of_any_size(norm, box, epsilon, size):
    """Squares that overflow or vanish in float32 are no reason for NaN, or for a longer step."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(3, 1, 8, 8, generator=generator)
    gradient = size * torch.randn(x.shape, generator=generator)
    gradient[2] = 0  # a saturated sample
    threat = ThreatModel(norm, epsilon, box)
    order = 2 if norm == "l2" else torch.inf

    def length(delta):
        return torch.linalg.vector_norm(delta.double().flatten(1), ord=order, dim=1)

    allowed = epsilon * (1 + 1e-5) + (1e-7 if box else 1e-44)
    steps = {
        "ascent": threat.ascent(gradient, epsilon),
        "maximiser": threat.linear_maximiser(gradient, x),
        "projection": threat.project(gradient, x),
        "start": threat.random_start(x, generator),
        "extreme": threat.random_extreme(x, generator),
    }
    for name, delta in steps.items():
        assert delta.isfinite().all(), name
        assert (length(delta) <= allowed).all(), name
        if box and name != "ascent":
            assert (x + delta).ge(0).all(), name
            assert (x + delta).le(1).all(), name
    assert torch.equal(steps["ascent"][2], torch.zeros(1, 8, 8))
    if epsilon >= 1e-25:
        wanted = torch.full((2,), epsilon).double()
        assert torch.allclose(length(steps["ascent"])[:2], wanted, rtol=1e-5)


@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("epsilon", [9.0, 1e6, 1e19, 1e30])
def test_a_radius_that_holds_the_whole_box_ends_in_its_corners(norm, epsilon, generator):
    x, gradient = torch.rand(5, 1, 8, 8, generator=generator), torch.randn(5, 1, 8, 8)
    found = x + ThreatModel(norm, epsilon, box=True).linear_maximiser(gradient, x)
    assert torch.allclose(found, (gradient > 0).float(), atol=1e-6)


@pytest.mark.parametrize("epsilon", [1.0, 1.5, 8.0])
@pytest.mark.parametrize("start", ["ball", "clean"])
def test_pgd_with_linf_radii_of_one_and_more_finds_the_best_corner(epsilon, start, generator):
    """A linear network's loss is largest in the corner that its weights point to."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2))
    x, y = torch.rand(6, 1, 8, 8, generator=generator), torch.tensor([0, 1, 0, 1, 0, 1])
    attack = PGD(ThreatModel("linf", epsilon, box=True), steps=5, start=start)
    found = attack(model, x, y, generator)
    worse = model[1].weight[1] - model[1].weight[0]
    corner = (torch.where(y == 0, 1, -1)[:, None] * worse > 0).float().view_as(x)
    assert torch.allclose(found, corner, atol=1e-6)
