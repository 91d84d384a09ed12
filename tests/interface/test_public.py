"""The public names and their signatures, and what importing them costs."""

import inspect
import re
import subprocess
import sys

import pytest

import advscape
from tests.conftest import ROOT

SIGNATURES = {
    "AdversarialLoss": "model, x, y=None, *, norm, epsilon, attack=None, box=False, "
    "normalise=None, batch_size=None, seed=0",
    "AdversarialLoss.value": None,
    "AdversarialLoss.accuracy": None,
    "AdversarialLoss.optimality": None,
    "AdversarialLoss.hessian": "self, term, *, parameters='*'",
    "AdversarialLoss.landscape": "self, *, directions='filter-normalised', seeds=1, "
    "attack='regenerated', radius=1.0, points=21",
    "AdversarialLoss.sharpness": "self, measure, *, radius=None, ball='linf', draws=10, steps=6, "
    "restarts=2",
    "AdversarialLogisticRegression": "epsilon=0.0, norm='l2', alpha=0.0001, fit_intercept=True, "
    "tol=1e-09",
    "Density": "eigenvalue, value, stderr, integral, truncation, n, probes, products, converged",
    "Eigenvalues": "values, residuals, vectors, stderr, n, products, converged",
    "Eigenvalues.value": None,
    "Eigenvalues.residual": None,
    "Hessian.eigenvalues": "self, *, largest=1, smallest=0, tolerance=0.001, max_products=500",
    "Hessian.trace": "self, *, relative_error=0.05, max_probes=1000, tolerance=0.001",
    "Hessian.density": "self, *, probes=10, steps=80, points=500, width=0.01",
    "Hessian.to_scipy": "self",
    "Landscape": "alpha, loss, accuracy, directions, attack, step, n",
    "Landscape.value": None,
    "Landscape.stderr": None,
    "Landscape.plot": "self, axes=None",
    "Mean": "value, stderr, n",
    "Optimality": "value, gain, gain_stderr, distance, firmness, counts, loss_shares, n, n_valid, "
    "converged",
    "PGD": "*, steps=20, relative_step=2.5, restarts=1, random_start=True",
    "Sharpness": "value, stderr, spread, draws, n",
    "Trace": "value, stderr, layers, n, probes, products, converged",
}


def found(name):
    thing = advscape
    for part in name.split("."):
        thing = (
            inspect.getattr_static(thing, part) if inspect.isclass(thing) else getattr(thing, part)
        )
    if not callable(thing):
        return None
    signature = inspect.signature(thing)
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    text = str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))
    return text[1:-1]


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_stay(name):
    assert found(name) == SIGNATURES[name]


def test_public_names_are_these_and_no_more():
    heads = {name.split(".")[0] for name in SIGNATURES}
    assert set(advscape.__all__) == heads
    assert set(advscape.__all__) <= set(dir(advscape))
    for head in heads - {"AdversarialLogisticRegression"}:
        methods = {
            f"{head}.{name}"
            for name, member in vars(getattr(advscape, head)).items()
            if not name.startswith("_")
            and (callable(member) or isinstance(member, property) or hasattr(member, "attrname"))
        }
        assert methods == {name for name in SIGNATURES if name.startswith(f"{head}.")}


def test_no_other_name():
    with pytest.raises(AttributeError, match="no attribute 'eigenvalue'"):
        _ = advscape.eigenvalue


HEAVY = ["torch", "pandas", "matplotlib", "seaborn", "snakemake", "pydantic", "scipy", "sklearn"]


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import advscape", set()),
        # scikit-learn imports pandas where it is installed
        ("from advscape import AdversarialLogisticRegression", {"scipy", "sklearn", "pandas"}),
        ("from advscape import AdversarialLoss, Hessian, Landscape, PGD, Sharpness", {"torch"}),
    ],
)
def test_an_import_costs_what_it_uses(code, allowed):
    end = f"\nimport sys; print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code + end], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) <= allowed


def test_what_the_readme_shows_runs():
    """The pages of the documentation run in tests/docs."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)], capture_output=True, text=True, check=False
    )
    assert re.fullmatch(r"\S+, residual \S+, over \d+ samples\n", done.stdout), done.stderr
    assert not done.stderr  # no warning of torch's about itself, which it gives once
