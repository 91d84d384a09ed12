"""MNIST 0 vs 1, all printed digits of figures derived independently (free bias, lambda 1e-4)."""

import numpy as np
import pytest

from advscape.data.sources import load_source
from advscape.linear.data import load_samples
from advscape.linear.regime import collapse_radius, hard_margin
from advscape.linear.robust_loss import RobustLoss
from advscape.linear.solve import solve

#: epsilon: loss with penalty, |w|, max eig A, max eig B, lambda_max, trace, train / test accuracy
KNOWN = {
    0: (0.00209998, 4.87826, 0.0265809, 0, 0.0265809, 0.0537863, 0.9999, 0.9995),
    1: (0.0224523, 4.35362, 0.145968, 0.00245411, 0.148377, 2.28519, 0.9939, 0.9934),
    2: (0.146548, 3.14386, 0.976664, 0.0487936, 1.02364, 40.5787, 0.9550, 0.9655),
    3: (0.512276, 1.21948, 5.40834, 0.809873, 6.13398, 645.070, 0.8099, 0.8104),
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    import os
    from pathlib import Path

    folder = os.environ.get("ADVSCAPE_DATA")
    if not folder:
        pytest.skip("ADVSCAPE_DATA is not set: no real data here")
    file = tmp_path_factory.mktemp("mnist") / "mnist.npz"
    load_source("mnist", None, Path(folder), download=False).save(file)
    return load_samples(file, [0, 1], None, seed=0)


def test_radii(samples):
    train = samples["train"]
    assert train.x.shape == (12_665, 784)
    assert hard_margin(train.x, train.t).value == pytest.approx(0.4245, abs=5e-5)
    assert collapse_radius(RobustLoss(train.x, train.t, 0.0)) == pytest.approx(3.781134, abs=5e-7)


@pytest.mark.parametrize("epsilon", KNOWN)
def test_minimiser(samples, epsilon):
    train, test = samples["train"], samples["test"]
    loss = RobustLoss(train.x, train.t, epsilon, 1e-4)
    solution = solve(loss, 1e-9)
    line = solution.model
    frozen, response = loss.hessian(line, "frozen"), loss.hessian(line, "response")
    measured = (
        loss.value(line),
        line.norm,
        *(np.linalg.eigvalsh(part)[-1] for part in (frozen, response, frozen + response)),
        np.trace(frozen + response),
    )
    assert solution.grad_norm < 1e-9
    assert measured == pytest.approx(KNOWN[epsilon][:6], rel=6e-6, abs=1e-12)
    accuracies = loss.accuracy(line), RobustLoss(test.x, test.t, epsilon).accuracy(line)
    assert accuracies == pytest.approx(KNOWN[epsilon][6:], abs=5.1e-5)
