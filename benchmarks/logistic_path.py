"""A path of robust logistic regressions on MNIST 0 vs 1, against scipy's L-BFGS-B.

Both sides solve the same 12 problems (12,665 x 784, float64, L2, weight decay 1e-4), each warm,
until the largest entry of the gradient is below 1e-9. The peer gets the loss and its gradient in
two products with the inputs, and scipy's settings but for the tolerances. Five paths of each, in
turns. Needs MNIST under ADVSCAPE_DATA.

    ADVSCAPE_DATA=... python benchmarks/logistic_path.py

With --threads 1 the peer is faster, and with --pairs 30 as well; RESULTS.md has all four.
"""

import resource
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rows import Row, hand_over, judged, parser
from scipy.optimize import minimize
from scipy.special import expit
from threadpoolctl import threadpool_limits
from timing import interleaved, ratios, spread

from advscape.data.root import data_root
from advscape.data.sources import load_source
from advscape.errors import UserError
from advscape.linear.data import Samples, load_samples
from advscape.linear.robust_loss import LinearModel, RobustLoss
from advscape.linear.solve import Solver
from advscape.linear.warm_start import warm_start

EPSILONS = (0, 0.25, 0.5, 1, 1.5, 2, 2.5, 2.75, 3, 3.25, 3.5, 3.7)
TOLERANCE, DECAY = 1e-9, 1e-4
AGREE = 1e-4  # of weights: a gradient of 1e-9 over a curvature of at least 1e-4


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


def main() -> None:
    """Time both sides, in turns."""
    options = parser(__doc__)
    options.add_argument("--repeats", type=int, default=5, help="paths of each side")
    options.add_argument("--pairs", type=int, default=10, help="L-BFGS-B's maxcor")
    arguments = options.parse_args()
    what, name = f"{len(EPSILONS)} robust logistic regressions", "scipy L-BFGS-B"
    try:
        samples = mnist()
    except UserError as error:
        hand_over([Row(what, name, None, f"needs MNIST: {error}")], arguments.json)
        return
    ours(samples)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sides = {"ours": lambda: ours(samples), name: lambda: peer(samples, arguments.pairs)}
    with threadpool_limits(arguments.threads):
        seconds, found = interleaved(sides, arguments.repeats)
    gaps = []
    for epsilon, (a, ga), (b, gb) in zip(EPSILONS, found["ours"], found[name], strict=True):
        gaps.append(np.abs(a.w - b.w).max() / np.abs(a.w).max())
        print(
            f"epsilon {epsilon:<5} |grad| {ga:.1e}, L-BFGS-B {gb:.1e}; w differs by {gaps[-1]:.1e}"
        )
    for side, times in seconds.items():
        print(f"{side} {spread(times)} s")
    print(f"peak memory of ours {memory:.2f} GiB")
    answers = f"w {max(gaps):.1e} apart (allowed: {AGREE:g})"
    faster = ratios(seconds[name], seconds["ours"])
    hand_over([judged(what, name, max(gaps) <= AGREE, answers, faster)], arguments.json)


if __name__ == "__main__":
    main()
