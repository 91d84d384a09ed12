"""A path of robust logistic regressions on MNIST 0 vs 1, against scipy's L-BFGS-B.

Both sides solve the same 12 problems (12,665 x 784, float64, L2, weight decay 1e-4), each from the
solution of the one before, until the largest entry of the gradient is below 1e-9; both are given
the same loss and gradient. Five paths of each.
Needs MNIST under ADVSCAPE_DATA.

    OMP_NUM_THREADS=1 ADVSCAPE_DATA=... python benchmarks/logistic_path.py

One thread, as in the study's jobs: on two hyperthreads both sides are slower, and L-BFGS-B stalls
above the tolerance at some radii.
"""

import argparse
import resource
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.optimize import minimize

from advscape.data.root import data_root
from advscape.data.sources import load_source
from advscape.linear.data import Samples, load_samples
from advscape.linear.robust_loss import Line, RobustLoss
from advscape.linear.solve import Solver

EPSILONS = (0, 0.25, 0.5, 1, 1.5, 2, 2.5, 2.75, 3, 3.25, 3.5, 3.7)
TOLERANCE, DECAY = 1e-9, 1e-4
#: L-BFGS-B is faster with more pairs than its default of 10
PAIRS = 30


def mnist() -> Samples:
    """Training samples of 0 and 1."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "mnist.npz"
        load_source("mnist", None, *data_root(None)).save(file)
        return load_samples(file, {"classes": [0, 1], "test_fraction": None}, seed=0)["train"]


def ours(samples: Samples) -> list[tuple[Line, float]]:
    """The path by :class:`advscape.linear.solve.Solver`."""
    solver = Solver(RobustLoss(samples.x, samples.t, 0.0, DECAY))
    lines, start = [], None
    for epsilon in EPSILONS:
        found = solver.solve(epsilon, TOLERANCE, start)
        start = found.line
        lines.append((found.line, found.grad_norm))
    return lines


def peer(samples: Samples) -> list[tuple[Line, float]]:
    """The path by L-BFGS-B, started again where its line search gives up too early."""
    lines, z = [], None
    for epsilon in EPSILONS:
        loss = RobustLoss(samples.x, samples.t, epsilon, DECAY)
        if z is None:
            w = samples.x[samples.t > 0].mean(0) - samples.x[samples.t < 0].mean(0)
            z = np.append(w, 0.0)
        for _ in range(20):
            z = minimize(
                lambda z, loss=loss: (loss.value(_line(z)), loss.gradient(_line(z))),
                z, jac=True, method="L-BFGS-B",
                options={"gtol": 0.9 * TOLERANCE, "ftol": 0, "maxiter": 20_000, "maxfun": 20_000,
                         "maxcor": PAIRS},
            ).x  # fmt: skip
            norm = float(np.abs(loss.gradient(_line(z))).max())
            if norm <= TOLERANCE:
                break
        lines.append((_line(z), norm))
    return lines


def _line(z: np.ndarray) -> Line:
    return Line(z[:-1], float(z[-1]))


def _timed(side, samples: Samples) -> tuple[float, list[tuple[Line, float]]]:
    started = time.perf_counter()
    lines = side(samples)
    return time.perf_counter() - started, lines


def main() -> None:
    """Time both sides and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="paths of ours")
    parser.add_argument("--peer-repeats", type=int, default=5, help="paths of L-BFGS-B")
    arguments = parser.parse_args()
    samples = mnist()
    mine = [_timed(ours, samples) for _ in range(arguments.repeats)]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    theirs = [_timed(peer, samples) for _ in range(arguments.peer_repeats)]
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
