"""Curvature of a ResNet-18, against PyHessian, curvlinops, hessian-eigenthings and Landscaper.

256 of scikit-learn's digits at 16x16; a network that has seen the others for two epochs; eval
mode, float32, one batch, 2 threads. Times are in wall seconds, CPU seconds, and gradient
equivalents: wall time over that of one gradient of the same samples in the same turn.

lambda: 64 samples. The largest eigenvalue of the Hessian, to several accuracies. Errors are
    against eigsh on float64 products that are written here. On a ReLU network rounding moves some
    units over their kink, which costs any float32 product up to 1e-4, by luck; GELU has none.
top: the same for the five largest; an error is the largest of the five.
trace: 64 samples. Of a ReLU network ours is exact, beside peers with 12 probes; the referee adds
    up gradients of single samples in float64, one by one. Of a GELU network ours takes 12 probes
    after the products of lambda_max; for equal errors a peer's time is multiplied by the square of
    its error over ours.
total: the largest eigenvalue of frozen and total Hessian at polished maxima (GELU), L2 and Linf,
    with the test of the maxima and without the attack; the standard error over samples; and the
    largest curvature at a finite scale, frozen and attacked again.
memory: peaks of the products by batch size, and that the product does not depend on it.
linear: the dense closed form on the digits, beside PyHessian and curvlinops.

    make bench-env && .bench-venv/bin/python benchmarks/curvature.py
"""

import ctypes
import gc
import re
import statistics
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from curvature_peers import EIGENVALUES, TRACES, Found
from digits import BATCH, EPSILON, network, samples
from rows import Row, answering, hand_over, judged, parser
from scipy.sparse.linalg import LinearOperator, eigsh
from sklearn.datasets import load_digits
from timing import ratios, spread
from torch import Tensor, nn
from torch.nn import functional

from advscape.attacks.perturb import perturb
from advscape.attacks.pgd import PGD
from advscape.attacks.refine import refine
from advscape.attacks.samples import AttackedSamples
from advscape.curvature.exact_trace import exact_traces
from advscape.curvature.finite_scale import Search, largest_curvature
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.lanczos import Eigenpair, extreme_eigenvalues
from advscape.curvature.newton import polish
from advscape.curvature.operator import CurvatureOperator
from advscape.curvature.optimality import attack_optimality
from advscape.curvature.response import ResponseOperator
from advscape.curvature.sampling import sample_error
from advscape.curvature.total import TotalOperator
from advscape.curvature.trace import layer_traces
from advscape.evaluation.evaluate import score
from advscape.linear.robust_loss import LinearModel, RobustLoss
from advscape.threat import ThreatModel

warnings.filterwarnings("ignore", message="`torch.jit.script` is deprecated")

SIZE, SAMPLES = 16, 256
THREAT = ThreatModel("l2", EPSILON, box=True)
LINF = ThreatModel("linf", EPSILON / 10, box=True)
#: ours: what is within the tolerance, and the tolerance; the loosest first
GOALS = {
    "error 3e-2": ("error", 3e-2),
    "error 1e-2": ("error", 1e-2),
    "error 1e-3": ("error", 1e-3),
    "error 2e-6": ("error", 2e-6),
    "residual 1e-3": ("residual", 1e-3),
    "residual 1e-6": ("residual", 1e-6),
}
KKT_TOLERANCE, CG_TOLERANCE, REFINE_STEPS, POLISH_STEPS = 1e-4, 1e-3, 300, 60
AGREE = 1e-5  # of products by batch size
PROBES = 12  # a multiple of 3, for Hutch++
CLEAN = 64  # samples of lambda, top and trace; with more the peers take an hour
#: largest error of an answer, relative: of the largest eigenvalue, of any of five, and of a trace
#: from so few probes
ALLOWED, ALLOWED_TOP, ALLOWED_TRACE = 1e-2, 5e-2, 0.5

Times = dict[str, list[tuple[float, float]]]


def timed(call: Callable[[], object]) -> tuple[object, float, float]:
    """Result, wall seconds and CPU seconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = call()
    return found, time.perf_counter() - wall, time.process_time() - cpu


def turns(sides: dict[str, Callable[[], object]], repeats: int) -> tuple[Times, dict[str, list]]:
    """Wall and CPU seconds of every call, all sides in turn, and what they found."""
    seconds: Times = {name: [] for name in sides}
    results = {name: [] for name in sides}
    for _ in range(repeats):
        for name, call in sides.items():
            found, wall, cpu = timed(call)
            seconds[name].append((wall, cpu))
            results[name].append(found)
    return seconds, results


def report(name: str, seconds: Times, note: str) -> None:
    """One line of a side: wall, CPU, gradient equivalents."""
    walls, cpus = zip(*seconds[name], strict=True)
    gradients = [wall for wall, _ in seconds["gradient"]]
    equivalents = ratios(list(walls), gradients)
    print(
        f"{name}: {spread(walls)} s, {spread(cpus, 1)} CPU s, "
        f"{spread(equivalents, 1)} gradients; {note}",
        flush=True,
    )


def gradient(model: nn.Module, x: Tensor, y: Tensor) -> None:
    """One gradient of the mean loss, the unit of cost."""
    weights = list(model.parameters())
    torch.autograd.grad(functional.cross_entropy(model(x), y), weights)


def reference(model: nn.Module, x: Tensor, y: Tensor, k: int) -> np.ndarray:
    """The k largest eigenvalues from float64 products, written without the library.

    These take some ten seconds each, so float32 products find where they begin.
    """
    dim = sum(p.numel() for p in model.parameters())
    start = np.random.default_rng(0).standard_normal(dim)
    rough = {"ncv": 20 + 2 * k, "tol": 1e-3}
    _, vectors = eigsh(products(model, x, y), k=k, which="LA", v0=start, **rough)
    exact = products(model.double(), x.double(), y)
    values = eigsh(
        exact, k=k, which="LA", ncv=5 + 3 * k, tol=1e-6, v0=vectors.sum(axis=1),
        return_eigenvectors=False,
    )  # fmt: skip
    model.float()
    return np.sort(values)[::-1]


def products(model: nn.Module, x: Tensor, y: Tensor) -> LinearOperator:
    """The Hessian of the mean loss by differentiating twice, in the precision of the network."""
    weights = list(model.parameters())
    slopes = torch.autograd.grad(functional.cross_entropy(model(x), y), weights, create_graph=True)
    slope = torch.cat([s.flatten() for s in slopes])

    def product(v: np.ndarray) -> np.ndarray:
        v = torch.from_numpy(v.ravel()).to(slope)
        parts = torch.autograd.grad(slope, weights, v, retain_graph=True)
        return torch.cat([part.flatten() for part in parts]).numpy()

    return LinearOperator((len(slope), len(slope)), product, dtype=np.float64)


def lanczos(
    operator: CurvatureOperator, stop: str, tolerance: float, seed: int, k: int = 1
) -> Found:
    """Ours: values and products."""
    start = torch.Generator().manual_seed(seed)
    found = extreme_eigenvalues(operator, tolerance, 200, start, top=k, stop=stop)
    if not found.converged:
        raise SystemExit(f"{stop} {tolerance:g}: not converged after 200 products")
    return [pair.value for pair in found.top], found.products


def clean_network(activation: str, width: int) -> tuple[nn.Module, Tensor, Tensor]:
    """A network after two epochs, and samples it has not seen."""
    drawn = samples(SIZE, SAMPLES)
    model = network(*drawn["train"], 96, activation, epsilon=0.0, batch=32, rate=0.01, width=width)
    x, y = drawn["test"]
    found = score(model, x, y, BATCH)
    print(f"{activation}: accuracy {found.accuracy:.3f}, loss {found.loss:.3f}")
    gradient(model, x, y)
    return model, x[:CLEAN], y[:CLEAN]


def compare_eigenvalues(
    repeats: int, activation: str, k: int, goals: list[str], width: int
) -> list[Row]:
    """The k largest eigenvalues of the clean loss's Hessian, to several accuracies.

    Beside a peer stands the loosest of our goals that is met as accurately as the peer is.
    """
    model, x, y = clean_network(activation, width)
    exact, wall, cpu = timed(lambda: reference(model, x, y, k))
    print(f"float64 eigsh: {exact}; {wall:.0f} s, {cpu:.0f} CPU s", flush=True)
    seeds = iter(range(10**6))
    sides: dict[str, Callable[[], object]] = {"gradient": lambda: gradient(model, x, y)}
    for name in goals:
        stop, tolerance = GOALS[name]
        # below float32's rounding of a long vector only float64 vectors are within a residual
        dtype = torch.float64 if stop == "residual" and tolerance < 1e-5 else None
        sides[name] = lambda stop=stop, tolerance=tolerance, dtype=dtype: lanczos(
            HessianOperator(model, x, y, len(y), dtype=dtype), stop, tolerance, next(seeds), k
        )
    what = f"{'largest eigenvalue' if k == 1 else f'{k} largest eigenvalues'}, {activation}"
    there, rows = answering(what, called(EIGENVALUES, model, x, y, k, seeds))
    sides |= called(EIGENVALUES, model, x, y, k, seeds, there)
    seconds, results = turns(sides, repeats)
    report("gradient", seconds, "the unit")
    errors = {}
    for name in list(sides)[1:]:
        errors[name] = [float(np.abs(np.array(v) / exact - 1).max()) for v, _ in results[name]]
        products = results[name][-1][1]
        note = f"relative errors {' '.join(f'{error:.1e}' for error in errors[name])}"
        report(name, seconds, note + (f", {products} products" if products else ""))
    for peer in there:
        theirs = max(errors[peer])
        as_accurate = [goal for goal in goals if max(errors[goal]) <= theirs]
        goal = as_accurate[0] if as_accurate else min(goals, key=lambda goal: max(errors[goal]))
        mine = max(errors[goal])
        pairs = ratios([s[0] for s in seconds[peer]], [s[0] for s in seconds[goal]])
        allowed = ALLOWED if k == 1 else ALLOWED_TOP
        answers = f"errors: ours {mine:.1e}, theirs {theirs:.1e} (allowed: {allowed:g})"
        fit = max(mine, theirs) <= allowed
        rows.append(judged(f"{what}, ours to {goal}", peer, fit, answers, pairs))
    return rows


def called(
    peers: dict[str, Callable[..., Found]],
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    count: int,
    seeds: Iterator[int],
    names: Iterable[str] | None = None,
) -> dict[str, Callable[[], Found]]:
    """Peers with their arguments, a new seed for each call; of these names, all unless given."""
    return {
        name: lambda name=name: peers[name](model, x, y, count, next(seeds))
        for name in names or peers
    }


def compare_traces(repeats: int, activation: str, width: int) -> list[Row]:
    """The trace, exact or from as many probes, and what an equal error costs."""
    model, x, y = clean_network(activation, width)
    seeds = iter(range(10**6))

    def ours(probes: int = PROBES, top: int = 1) -> Found:
        generator = torch.Generator().manual_seed(next(seeds))
        operator = HessianOperator(model, x, y, len(y))
        if (exact := exact_traces(operator, probes)) is not None:
            return [exact.total.value, 0.0], 0
        known = extreme_eigenvalues(operator, 1e-3, 200, generator, top=top, stop="error").known
        found = layer_traces(operator, probes, generator, known=known)
        return [found.total.value, found.total.stderr], operator.products

    if activation == "relu":
        exact, doubt = squared_gradients(model, x, y), 0.0
    else:
        (exact, doubt), _ = ours(probes=10 * PROBES, top=5)
    print(f"reference: trace {exact:.5g}, standard error {doubt:.2g}", flush=True)
    sides: dict[str, Callable[[], object]] = {
        "gradient": lambda: gradient(model, x, y),
        "ours": ours,
    }
    what = f"trace, peers from {PROBES} probes, {activation}"
    there, rows = answering(what, called(TRACES, model, x, y, PROBES, seeds))
    sides |= called(TRACES, model, x, y, PROBES, seeds, there)
    seconds, results = turns(sides, repeats)
    report("gradient", seconds, "the unit")
    errors = {}
    for name in list(sides)[1:]:
        values = [found[0] for found, _ in results[name]]
        errors[name] = float(np.sqrt(np.mean((np.array(values) - exact) ** 2)))
        note = " ".join(f"{value:.4g}" for value in values)
        note += f", root mean square error {errors[name]:.3g}, {results[name][-1][1]} products"
        report(name, seconds, note)
    for peer in there:
        pairs = ratios([s[0] for s in seconds[peer]], [s[0] for s in seconds["ours"]])
        print(f"{peer}, trace: ratio {spread(pairs)}", flush=True)
        if activation != "relu":  # an exact one has no equal
            worth = (errors[peer] / errors["ours"]) ** 2
            equal = [pair * worth for pair in pairs]  # errors fall with the root of the time
            print(f"{peer}, trace: for equal errors {spread(equal)}", flush=True)
        mine, theirs = errors["ours"] / abs(exact), errors[peer] / abs(exact)
        answers = f"errors: ours {mine:.2g}, theirs {theirs:.2g} (allowed: {ALLOWED_TRACE:g})"
        fit = max(mine, theirs) <= ALLOWED_TRACE
        rows.append(judged(what, peer, fit, answers, pairs))
    return rows


def squared_gradients(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """The trace of a ReLU network's Hessian, which is that of its Gauss-Newton matrix.

    That is the mean over samples and labels, drawn as the network believes, of the squared gradient
    of the loss: E (e_k - p)(e_k - p)^T is the Hessian of the loss in the logits.
    """
    model, x, total = model.double(), x.double(), 0.0
    weights = list(model.parameters())
    for one in x:
        logits = model(one[None])
        for label, p in enumerate(logits.detach().softmax(1)[0]):
            loss = functional.cross_entropy(logits, torch.tensor([label]))
            slopes = torch.autograd.grad(loss, weights, retain_graph=True)
            total += float(p * sum(slope.square().sum() for slope in slopes))
    model.float()
    return total / len(x)


def at_maxima(model: nn.Module, x: Tensor, y: Tensor, threat: ThreatModel) -> AttackedSamples:
    """The samples whose maxima are strict."""
    perturbed = perturb(model, x, y, PGD(threat, 10, 7.5, start="clean"), 0, BATCH)
    samples = AttackedSamples(x, perturbed, y, threat)
    found = refine(model, samples, REFINE_STEPS, KKT_TOLERANCE, len(y))
    samples = replace(samples, perturbed=found.perturbed)
    found = polish(model, samples, POLISH_STEPS, 1e-7, len(y))
    samples = replace(samples, perturbed=found.perturbed)
    optimality = attack_optimality(model, samples, KKT_TOLERANCE, len(y))
    print(f"{threat}: {optimality.counts()}", flush=True)
    return samples.take(optimality.valid)


def compare_total(repeats: int, steps: int, threat: ThreatModel) -> None:
    """Frozen against total, at the same maxima and to the same residual, and what goes with it."""
    drawn = samples(SIZE, SAMPLES)
    model = network(*drawn["train"], steps, "gelu")
    found, wall, _ = timed(lambda: at_maxima(model, *drawn["test"], threat))
    print(f"maxima found and tested in {wall:.0f} s")
    x, y = found.perturbed, found.y
    norm = float(torch.cat([p.detach().flatten() for p in model.parameters()]).norm())

    def total() -> tuple:
        optimality = attack_optimality(model, found, KKT_TOLERANCE, len(y))
        operator = TotalOperator(model, optimality.maxima, len(y), CG_TOLERANCE, 300)
        return lanczos(operator, "residual", 1e-3, 0)

    def frozen() -> HessianOperator:
        """A new one each time: the finite scales move the weights, which ends a kept graph."""
        return HessianOperator(model, x, y, len(y))

    def eigenpair(top: int, bottom: int) -> Eigenpair:
        start = torch.Generator().manual_seed(0)
        return extreme_eigenvalues(frozen(), 1e-3, 100, start, top=top, bottom=bottom).top[0]

    pair = eigenpair(1, 0)

    def scale(share: float, held: bool) -> tuple:
        search = Search(8, 3, 6)
        most = largest_curvature(
            model, found, pair.vector, share * norm, search, len(y), frozen=held
        )
        return most.value, most.gradients

    sides: dict[str, Callable[[], object]] = {
        "gradient": lambda: gradient(model, x, y),
        "frozen": lambda: lanczos(frozen(), "residual", 1e-3, 0),
        "total": total,
        "5 largest, 1 smallest": lambda: (eigenpair(5, 1).value, None),
        "error over samples": lambda: (sample_error(frozen(), pair, len(y)).value, None),
    }
    for held in (True, False):
        sides[f"scale 0.01 |w|, {'frozen' if held else 'attacked again'}"] = lambda held=held: (
            scale(0.01, held)
        )
    gradient(model, x, y)
    seconds, results = turns(sides, repeats)
    report("gradient", seconds, "the unit")
    for name in list(sides)[1:]:
        value, count = results[name][-1]
        value = value[0] if isinstance(value, list) else value
        report(name, seconds, f"{value:.6g}, {len(y)} samples" + (f", {count:g}" if count else ""))
    pairs = {
        "total": ["frozen"],
        "error over samples": ["frozen", "5 largest, 1 smallest"],
    }
    for name, others in pairs.items():
        for other in others:
            cost = ratios([s[0] for s in seconds[name]], [s[0] for s in seconds[other]])
            print(f"{name}: {spread(cost)} times the cost of {other}", flush=True)


def measure_memory(steps: int) -> None:
    """Peak memory of one product by batch size; the product is the same."""
    drawn = samples(SIZE, SAMPLES)
    model = network(*drawn["train"], steps, "gelu")
    x, y = drawn["test"]
    found = at_maxima(model, x, y, THREAT)
    optimality = attack_optimality(model, found, KKT_TOLERANCE, 32)
    perturbed, y = found.perturbed, found.y
    vector = torch.randn(sum(p.numel() for p in model.parameters()))
    kinds: dict[str, Callable[[int], CurvatureOperator]] = {
        "frozen": lambda size: HessianOperator(model, perturbed, y, size),
        "response": lambda size: ResponseOperator(model, optimality.maxima, size, CG_TOLERANCE),
        "total": lambda size: TotalOperator(model, optimality.maxima, size, CG_TOLERANCE),
    }
    for kind, make in kinds.items():
        whole = None
        for size in (SAMPLES, 128, 64, 32):
            before = peak(reset=True)
            product = make(size) @ vector
            used = peak() - before
            whole = product if whole is None else whole
            apart = float((product - whole).norm() / whole.norm())
            print(f"{kind}, batches of {size}: {used:.2f} GiB, {apart:.1e} from one batch's")
            # the response is solved to the tolerance of conjugate gradients and no further
            if apart > (AGREE if kind == "frozen" else CG_TOLERANCE):
                raise SystemExit(f"{kind}: products differ by batch size")


def peak(reset: bool = False) -> float:
    """GiB that this process has held at most (Linux, glibc) since the last reset."""
    if reset:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # what is free but was kept would hide the peak
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 2**20


def compare_linear() -> list[Row]:
    """Robust logistic regression on digits 0 vs 1: frozen, response, and the largest eigenvalue."""
    digits = load_digits(n_class=2)
    x, t = digits.data / 16, 2.0 * digits.target - 1
    line = LinearModel(np.random.default_rng(0).standard_normal(x.shape[1]) / 8, 0.1)
    loss = RobustLoss(x, t, EPSILON)

    def closed() -> float:
        return float(np.linalg.eigvalsh(loss.hessian(line, "total"))[-1])

    model = nn.Linear(x.shape[1], 1).double()
    with torch.no_grad():
        model.weight.copy_(torch.from_numpy(line.w)[None])
        model.bias.fill_(line.b)
    model.bias.requires_grad_(False)  # the closed form is over w
    noisy = torch.from_numpy(x - EPSILON * t[:, None] * line.w / line.norm)
    y = torch.from_numpy((t[:, None] + 1) / 2)
    criterion = nn.BCEWithLogitsLoss()

    def pyhessian() -> float:
        from pyhessian import hessian

        return hessian(model, criterion, data=(noisy, y), cuda=False).eigenvalues()[0][0]

    def curvlinops() -> float:
        from curvlinops import HessianLinearOperator

        batches = [(noisy, y)]
        operator = HessianLinearOperator(
            model, criterion, [model.weight], batches, check_deterministic=False
        )
        return float(eigsh(operator.to_scipy(), k=1, tol=1e-3, which="LA")[0][0])

    what = "largest eigenvalue, linear model"
    exact = float(np.linalg.eigvalsh(loss.hessian(line, "frozen"))[-1])
    peers = {"PyHessian": pyhessian, "curvlinops + eigsh": curvlinops}
    found, rows = answering(what, peers)
    taken = {}
    for name, call in {"closed form": closed, **{name: peers[name] for name in found}}.items():
        call()
        # one after the other: in turns, torch's idle threads keep numpy's waiting
        taken[name] = [wall for wall, _ in turns({name: call}, 51)[0][name]]
        print(f"{name}: median {1e3 * statistics.median(taken[name]):.3f} ms")
    for name, value in found.items():
        apart = abs(value / exact - 1)
        answers = (
            f"theirs of the frozen part {apart:.1e} from the closed form (allowed: {ALLOWED:g})"
        )
        faster = ratios(taken[name], taken["closed form"])
        rows.append(judged(f"{what}, ours of the total", name, apart <= ALLOWED, answers, faster))
    return rows


def main() -> None:
    """Run the parts."""
    options = parser(__doc__)
    parts = ["linear", "memory", "total", "trace", "top", "lambda"]
    options.add_argument("--parts", nargs="+", default=parts, choices=parts)
    options.add_argument(
        "--activations",
        nargs="+",
        default=["gelu", "relu"],
        help="for lambda; the first one for top and trace",
    )
    options.add_argument(
        "--goals", nargs="+", default=list(GOALS), choices=GOALS, help="of ours, for lambda and top"
    )
    options.add_argument("--steps", type=int, default=30, help="of adversarial training, for total")
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument(
        "--width", type=int, default=64, help="of the ResNet-18 of lambda, top and trace; 64: full"
    )
    arguments = options.parse_args()
    torch.set_num_threads(arguments.threads)
    repeats, width, rows = arguments.repeats, arguments.width, []
    if "linear" in arguments.parts:
        rows += compare_linear()
    if "memory" in arguments.parts:
        measure_memory(arguments.steps)
    if "total" in arguments.parts:
        for threat in (THREAT, LINF):
            compare_total(repeats, arguments.steps, threat)
    if "trace" in arguments.parts:
        rows += compare_traces(repeats, arguments.activations[0], width)
    if "top" in arguments.parts:
        rows += compare_eigenvalues(repeats, arguments.activations[0], 5, arguments.goals, width)
    if "lambda" in arguments.parts:
        for activation in arguments.activations:
            rows += compare_eigenvalues(repeats, activation, 1, arguments.goals, width)
    hand_over(rows, arguments.json)


if __name__ == "__main__":
    main()
