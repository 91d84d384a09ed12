"""A path of robust logistic regressions on MNIST 0 vs 1, against scipy's L-BFGS-B.

Both sides solve the same 12 problems (12,665 x 784, float64, L2, weight decay 1e-4), each warm,
until the largest entry of the gradient is below 1e-9. The peer gets the loss and its gradient in
two products with the inputs, and scipy's settings but for the tolerances. Five paths of each.
Needs MNIST under ADVSCAPE_DATA.

    ADVSCAPE_DATA=... python benchmarks/logistic_path.py

With OMP_NUM_THREADS=1 the peer is faster, and with --pairs 30 as well; RESULTS.md has all four.
"""

import argparse
import resource
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from advscape.data.root import data_root
from advscape.data.sources import load_source
from advscape.linear.data import Samples, load_samples
from advscape.linear.robust_loss import LinearModel, RobustLoss
from advscape.linear.solve import Solver
from advscape.linear.warm_start import warm_start

EPSILONS = (0, 0.25, 0.5, 1, 1.5, 2, 2.5, 2.75, 3, 3.25, 3.5, 3.7)
TOLERANCE, DECAY = 1e-9, 1e-4


def mnist() -> Samples:
    """Training samples of 0 and 1."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "mnist.npz"
        load_source("mnist", None, *data_root(None)).save(file)
        return load_samples(file, [0, 1], None, seed=0)["train"]


def ours(samples: Samples) -> list[tuple[LinearModel, float]]:
    """The path by :class:`advscape.linear.solve.Solver`."""
    solver = Solver(RobustLoss(samples.x, samples.t, 0.0, DECAY))
    lines, norms = {}, []
    for epsilon in EPSILONS:
        found = solver.solve(epsilon, TOLERANCE, warm_start(lines, epsilon))
        lines[epsilon] = found.model
        norms.append(found.grad_norm)
    return list(zip(lines.values(), norms, strict=True))


def peer(samples: Samples, pairs: int) -> list[tuple[LinearModel, float]]:
    """The path by L-BFGS-B, started again where its line search gives up too early."""
    lines, z = [], None
    for epsilon in EPSILONS:
        if z is None:
            w = samples.x[samples.t > 0].mean(0) - samples.x[samples.t < 0].mean(0)
            z = np.append(w, 0.0)
        for _ in range(20):
            z = minimize(
                loss_and_gradient, z, (samples, epsilon), jac=True, method="L-BFGS-B",
                options={"gtol": 0.9 * TOLERANCE, "ftol": 0, "maxiter": 20_000, "maxfun": 20_000,
                         "maxcor": pairs},
            ).x  # fmt: skip
            norm = float(np.abs(loss_and_gradient(z, samples, epsilon)[1]).max())
            if norm <= TOLERANCE:
                break
        lines.append((LinearModel(z[:-1], float(z[-1])), norm))
    return lines


def loss_and_gradient(z: np.ndarray, samples: Samples, epsilon: float) -> tuple[float, np.ndarray]:
    """The formulas of :mod:`advscape.linear.robust_loss`, at once."""
    x, t, w = samples.x, samples.t, z[:-1]
    length = np.linalg.norm(w)
    margins = t * (x @ w + z[-1]) - epsilon * length
    s = expit(-margins) / len(t)
    over_w = DECAY * w - x.T @ (s * t) + epsilon * s.sum() * w / length
    value = np.logaddexp(0.0, -margins).mean() + 0.5 * DECAY * length**2
    return float(value), np.append(over_w, -s @ t)


def _timed(side, *arguments) -> tuple[float, list[tuple[LinearModel, float]]]:
    started = time.perf_counter()
    lines = side(*arguments)
    return time.perf_counter() - started, lines


def main() -> None:
    """Time both sides and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="paths of ours")
    parser.add_argument("--peer-repeats", type=int, default=5, help="paths of L-BFGS-B")
    parser.add_argument("--pairs", type=int, default=10, help="L-BFGS-B's maxcor")
    arguments = parser.parse_args()
    samples = mnist()
    mine = [_timed(ours, samples) for _ in range(arguments.repeats)]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    theirs = [_timed(peer, samples, arguments.pairs) for _ in range(arguments.peer_repeats)]
    for epsilon, (a, ga), (b, gb) in zip(EPSILONS, mine[0][1], theirs[0][1], strict=True):
        gap = np.abs(a.w - b.w).max() / np.abs(a.w).max()
        print(f"epsilon {epsilon:<5} |grad| {ga:.1e}, L-BFGS-B {gb:.1e}; w differs by {gap:.1e}")
    times = [seconds for seconds, _ in mine]
    peers = [seconds for seconds, _ in theirs]
    print(f"ours {statistics.median(times):.2f} s ({min(times):.2f}-{max(times):.2f})")
    print(f"L-BFGS-B {statistics.median(peers):.2f} s ({min(peers):.2f}-{max(peers):.2f})")
    print(f"peak memory of ours {memory:.2f} GiB")
    ratios = [statistics.median(peers) / seconds for seconds in times]
    print(f"ratio {statistics.median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})")


if __name__ == "__main__":
    main()
