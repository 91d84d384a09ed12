"""Eigenvalues that are rounding's; the same network in float64 is the referee."""

import copy

import pytest
import torch
from torch import nn

from advscape.curvature.hessian import HessianOperator
from advscape.curvature.lanczos import extreme_eigenvalues
from advscape.curvature.measure import Settings, Unmeasured, measure
from advscape.curvature.proof import UnprovenHessian
from advscape.curvature.sampling import confirmed_forms
from tests.networks import batch, small_net


class Corner(nn.Module):
    """A smooth |z| as sharp as ``width``, which float32 does not resolve far from 0."""

    def __init__(self, away, width):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last = nn.Linear(4, 6), nn.Linear(6, 3)
        self.away, self.width = away, width

    def forward(self, x):
        z = (self.first(x) + self.away) - self.away
        return self.last(torch.sqrt(z**2 + self.width**2))


def ends(model, x, y):
    operator = HessianOperator(model, x, y, 500)
    seed = torch.Generator().manual_seed(0)
    return operator, extreme_eigenvalues(operator, 1e-3, 45, seed, bottom=1)


def samples():
    torch.manual_seed(1)
    return torch.rand(1000, 4), torch.randint(0, 3, (1000,))


def test_what_rounding_makes_is_refused():
    x, y = samples()
    model = Corner(1e5, 3e-4)
    operator, found = ends(model, x, y)
    exact_operator, exact = ends(copy.deepcopy(model).double(), x.double(), y)
    assert found.bottom[0].value < 2 * exact.bottom[0].value < 0
    pair = found.bottom[0]
    vector = pair.vector.double()
    along = float(vector @ (exact_operator @ vector))
    with pytest.raises(UnprovenHessian, match="rounding to float32") as refused:
        confirmed_forms(operator, pair)
    assert f"eigenvalue {pair.value:.4g}: " in str(refused.value)
    assert f"is {along:.4g} in float64" in str(refused.value)
    settings = Settings(1e-3, 45, 2, None, lambda name: torch.Generator().manual_seed(0), 1, 1)
    unmeasured = measure(operator, 1000, settings, "clean Hessian")
    assert isinstance(unmeasured, Unmeasured)
    assert "rounding to float32" in unmeasured.reason


def test_what_float32_resolves_is_confirmed():
    x, y = samples()
    operator, found = ends(Corner(0.0, 3e-4), x, y)
    for pair in found.top + found.bottom:
        forms = confirmed_forms(operator, pair)
        assert float(forms.mean()) == pytest.approx(pair.value, rel=1e-3)


def test_the_whole_is_asked_where_the_heaviest_samples_alone_have_changed():
    """Errors of single samples that cancel leave the eigenvalue what it is."""
    x, y = batch(40, dtype=torch.float32)
    operator, found = ends(small_net(dtype=torch.float32), x, y)
    exact = operator.by_sample

    def shifted(vector):
        forms = exact(vector)
        away = torch.zeros_like(forms)
        away[0], away[1] = 100.0, -99.0
        return forms + away

    operator.by_sample = shifted
    assert confirmed_forms(operator, found.top[0]) is not None


def test_float64_has_nothing_to_show():
    x, y = batch(40)
    operator, found = ends(small_net(), x, y)
    operator.by_sample = lambda vector: torch.full((40,), 1e9, dtype=torch.float64)
    assert confirmed_forms(operator, found.top[0]) is not None


class Bound(nn.Module):
    """It computes in float32 whatever it is given, and takes nothing else."""

    def __init__(self):
        super().__init__()
        self.net = small_net(dtype=torch.float32)

    def forward(self, x):
        if x.dtype != torch.float32:
            raise TypeError("float32 alone")
        return self.net(x)


def test_a_network_that_does_not_run_in_float64_is_not_confirmed_which_the_log_says(caplog):
    caplog.set_level("INFO", "advscape")
    x, y = batch(40, dtype=torch.float32)
    operator, found = ends(Bound(), x, y)
    assert confirmed_forms(operator, found.top[0]) is not None
    assert "not confirmed in float64: TypeError: float32 alone" in caplog.text
