import re
import subprocess
import sys
import tomllib
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from advscape import AdversarialLogisticRegression as Estimator
from advscape.linear.regime import collapse_radius
from advscape.linear.robust_loss import RobustLoss
from tests.conftest import ROOT
from tests.linear.test_solve import DIGITS

#: fits the estimator where some modules, given on the command line, cannot be imported
WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in sys.argv:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
from advscape import AdversarialLogisticRegression as Estimator

Estimator(epsilon=0.1).fit([[0.0], [1.0], [2.0]], [0, 0, 1]).hessian([[0.0]], [0])
"""


@parametrize_with_checks(
    [
        Estimator(),
        Estimator(epsilon=0.1),
        Estimator(epsilon=0.1, norm="linf"),
        Estimator(fit_intercept=False),
    ]
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def overlapping(seed, n=60, d=4, share=0.3, gap=1.0):
    """Two classes of unequal size that overlap."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n) < share * n).astype(int)
    return rng.normal(size=(n, d)) + gap * np.outer(y, rng.normal(size=d)), y


def test_it_needs_no_package_of_the_extras():
    """Neither to be imported nor to be fitted: none of them may be installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    named = {re.match(r"[\w-]+", needed)[0] for needed in extras["networks"] + extras["workflow"]}
    modules = named - {"advscape", "pillow", "pyyaml"} | {"PIL", "yaml"}
    done = subprocess.run([sys.executable, "-c", WITHOUT, *modules], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("alpha", [1e-3, 0.1])
def test_epsilon_zero_is_scikit_learns_logistic_regression(alpha, fit_intercept):
    X, y = overlapping(0)
    ours = Estimator(alpha=alpha, fit_intercept=fit_intercept).fit(X, y)
    theirs = LogisticRegression(
        C=1 / (len(y) * alpha), fit_intercept=fit_intercept, tol=1e-12, solver="newton-cholesky",
        max_iter=1000,
    ).fit(X, y)  # fmt: skip
    assert np.allclose(ours.coef_, theirs.coef_, atol=1e-6)
    assert np.allclose(ours.intercept_, theirs.intercept_, atol=1e-6)
    assert np.allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert ours.score(X, y) == theirs.score(X, y)


@pytest.mark.parametrize("norm", ["l2", "linf"])
@given(seed=st.integers(0, 200), epsilon=st.floats(0, 0.4))
def test_duplicate_rows_are_weights(norm, seed, epsilon):
    X, y = overlapping(seed, n=20, d=3)
    counts = np.random.default_rng(seed).integers(1, 4, len(y))
    weighted = Estimator(epsilon, norm=norm, alpha=0.01).fit(X, y, sample_weight=counts)
    repeated = Estimator(epsilon, norm=norm, alpha=0.01).fit(
        np.repeat(X, counts, axis=0), np.repeat(y, counts)
    )
    assert np.allclose(weighted.coef_, repeated.coef_, atol=1e-6)
    assert weighted.loss_ == pytest.approx(repeated.loss_, abs=1e-10)
    assert weighted.regime_ == repeated.regime_


@given(seed=st.integers(0, 200), epsilon=st.floats(0, 0.8))
def test_rotation_and_label_flip(seed, epsilon):
    X, y = overlapping(seed, n=20, d=3)
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    one = Estimator(epsilon, alpha=0.01).fit(X, y)
    turned = Estimator(epsilon, alpha=0.01).fit(X @ q.T, y)
    flipped = Estimator(epsilon, alpha=0.01).fit(X, 1 - y)
    assert one.grad_norm_ <= 1e-9
    assert np.allclose(turned.coef_[0], q @ one.coef_[0], atol=1e-6)
    assert np.allclose(flipped.coef_, -one.coef_, atol=1e-6)
    assert np.allclose(flipped.intercept_, -one.intercept_, atol=1e-6)


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_a_tiny_epsilon_is_none(norm):
    X, y = overlapping(1)
    none, tiny = (Estimator(e, norm=norm, alpha=0.01).fit(X, y) for e in (0.0, 1e-9))
    assert np.allclose(none.coef_, tiny.coef_, atol=1e-6)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("norm", ["l2", "linf"])
@pytest.mark.parametrize("seed", range(5))
def test_collapse_within_a_thousandth(seed, norm, bias):
    X, y = overlapping(seed, share=0.1 + 0.15 * seed)
    problem = RobustLoss(X, np.where(y == 1, 1.0, -1.0), 0.0, norm=norm, bias=bias)
    eps0 = collapse_radius(problem)
    below, above = (
        Estimator(factor * eps0, norm=norm, fit_intercept=bias).fit(X, y)
        for factor in (0.999, 1.001)
    )
    assert below.regime_ != "collapsed"
    assert np.any(below.coef_ != 0)
    assert below.grad_norm_ <= 1e-9
    assert above.regime_ == "collapsed"
    assert np.all(above.coef_ == 0)
    if not bias:
        order = 2 if norm == "l2" else np.inf
        assert eps0 == pytest.approx(np.linalg.norm((problem.t[:, None] * X).mean(0), order))


def test_separable_without_penalty_has_no_minimiser():
    y = (DIGITS.t > 0).astype(int)
    with pytest.raises(ValueError, match=r"There is no minimiser: with epsilon=0.5"):
        Estimator(0.5, alpha=0).fit(DIGITS.x, y)
    finite = Estimator(1.0, alpha=0).fit(DIGITS.x, y)
    assert finite.regime_ == "finite"
    assert finite.grad_norm_ <= 1e-9


def test_hessian_parts_of_the_fitted_model():
    y = (DIGITS.t > 0).astype(int)
    model = Estimator(1.0).fit(DIGITS.x, y)
    parts = {p: model.hessian(DIGITS.x, y, p) for p in ("frozen", "response", "total")}
    assert parts["total"].shape == (64, 64)
    assert np.allclose(parts["frozen"] + parts["response"], parts["total"], atol=1e-14)
    assert np.allclose(model.hessian(DIGITS.x, y), parts["total"])
    with pytest.raises(ValueError, match="term: got 'half'"):
        model.hessian(DIGITS.x, y, "half")


def test_a_collapsed_model_has_no_hessian():
    y = (DIGITS.t > 0).astype(int)
    model = Estimator(1.4).fit(DIGITS.x, y)
    assert model.regime_ == "collapsed"
    with pytest.raises(ValueError, match="cone"):
        model.hessian(DIGITS.x, y)


X, Y = overlapping(0)
BAD = {
    "one class": ({}, X, np.zeros(60, int), "one class"),
    "NaN": ({}, np.where(np.arange(240).reshape(60, 4) == 7, np.nan, X), Y, "contains NaN"),
    "three classes": ({}, X, np.arange(60) % 3, "Only binary classification is supported"),
    "real labels": ({}, X, np.linspace(0, 1, 60), "Unknown label type"),
    "1-D X": ({}, X[:, 0], Y, "Expected 2D array, got 1D array instead"),
    "negative epsilon": ({"epsilon": -1.0}, X, Y, "'epsilon' parameter .* must be a float in"),
    "infinite epsilon": ({"epsilon": np.inf}, X, Y, "'epsilon' parameter"),
    "epsilon NaN": ({"epsilon": np.nan}, X, Y, "'epsilon' parameter"),
    "norm": ({"norm": "l1"}, X, Y, "'norm' parameter .* must be a str among"),
    "negative alpha": ({"alpha": -1.0}, X, Y, "'alpha' parameter"),
    "tol 0": ({"tol": 0.0}, X, Y, "'tol' parameter"),
}


@pytest.mark.parametrize(("settings", "x", "y", "words"), BAD.values(), ids=BAD)
def test_bad_input(settings, x, y, words):
    with pytest.raises(ValueError, match=words):
        Estimator(**settings).fit(x, y)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("scale", [1e4, 1e6, 1e8, 1e12, 1.7e18])
def test_a_column_of_another_size_is_right_or_warned_of(scale):
    """The referee solves in standardised columns, where the penalty hardly counts."""
    random = np.random.default_rng(0)
    x = random.normal(size=(1000, 3))
    y = (x[:, 0] + random.normal(size=1000) > 0).astype(int)
    wide = np.c_[x, scale + random.normal(size=1000) * scale / 100]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = Estimator().fit(wide, y)
    truth = LogisticRegression(C=1 / (1000 * 1e-4), solver="newton-cholesky").fit(
        np.c_[x, (wide[:, 3] - wide[:, 3].mean()) / wide[:, 3].std()], y
    )
    right = abs(model.coef_[0, 0] - truth.coef_[0, 0]) < 0.02
    named = [w for w in said if issubclass(w.category, ConvergenceWarning)]
    assert right or named
    if named:
        assert "Column 3 reaches" in str(named[0].message)
