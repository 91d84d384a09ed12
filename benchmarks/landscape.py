"""A 1-D landscape of a ResNet-18: plain evaluations, a public tool's way, and Landscaper.

51 points along a filter-normalised direction, 256 of scikit-learn's digits at 16x16, eval mode,
float32, batches of 128, 2 threads; 17 of them with PGD-3 made again at every point. Three sides
take their turns point by point:

ours: the library's scan, with its store on disk, set up as a job is: memory layout, freed memory
    kept.
plain: the same loss, or the same attack and loss, at weights that do not move, set up alike: what a
    point costs where moving, keeping and restoring cost nothing.
loaders: what tomgoldstein/loss-landscape does at a point, written here from its description: new
    weight tensors by ``p.data = w + alpha d`` with a cast of each, then a DataLoader with batches
    of 128 over images that become normalised tensors one by one, as its CIFAR-10 does, and a mean
    over batches; with no workers, and with its default of two. In a process of its own, which our
    settings do not reach.

Losses agree to 1e-5. Linear models: all points in one matrix product, against a loop of plain
evaluations. Landscaper: see landscaper_peer.py.

    make bench-env && .bench-venv/bin/python benchmarks/landscape.py
"""

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch
from digits import BATCH, EPSILON, network, samples
from landscaper_peer import compare_density, compare_eigenvector, compare_lines
from PIL import Image
from rows import Row, hand_over, judged, parser
from sklearn.datasets import load_digits
from timing import ratios, spread
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from advscape.attacks.perturb import perturb
from advscape.attacks.pgd import PGD
from advscape.evaluation.evaluate import score
from advscape.landscape.directions import random_direction
from advscape.landscape.grid import alphas
from advscape.landscape.store import PointStore
from advscape.landscape.walk import walking
from advscape.linear.robust_loss import LinearModel, RobustLoss
from advscape.machine.host_memory import keep_freed_memory
from advscape.models.layout import use_fast_layout
from advscape.models.resnet import SmallImageResNet18
from advscape.models.state import load_weights, save_weights
from advscape.stages.landscape_linear import direction, scan_margins
from advscape.threat import ThreatModel

SIZE, SAMPLES, POINTS = 16, 256, 51
AGREE = 1e-5
ATTACK = PGD(ThreatModel("l2", EPSILON, box=True), 3)


class Images(Dataset):
    """Images (n, 3, h, w) in [0, 1], kept as pictures and made tensors when they are asked for."""

    def __init__(self, x: Tensor, y: Tensor):
        """Keep the pictures; normalisation is by 0 and 1, so that the losses are ours."""
        pictures = (255 * x).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        self._samples = list(zip(pictures, y.tolist(), strict=True))
        self._transform = transforms.Compose(
            [transforms.ToTensor(), transforms.Normalize((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))]
        )

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        picture, label = self._samples[i]
        return self._transform(Image.fromarray(picture)), label


def loaders(model: nn.Module, x: Tensor, y: Tensor, workers: int) -> Callable[[float], float]:
    """A point as the public tool takes it."""
    loader = DataLoader(
        Images(x, y), batch_size=BATCH, num_workers=workers,
        multiprocessing_context="fork" if workers else None,
    )  # fmt: skip
    home = [p.data for p in model.parameters()]
    moves = random_direction(model, "filter-normalised", 0)
    steps = [moves.get(name, torch.zeros_like(p)) for name, p in model.named_parameters()]

    def point(alpha: float) -> float:
        for p, w, d in zip(model.parameters(), home, steps, strict=True):
            p.data = w + torch.Tensor(d * alpha).type(type(w))
        total, correct = 0.0, 0
        with torch.no_grad():
            for xb, yb in loader:
                outputs = model(xb)
                total += functional.cross_entropy(outputs, yb).item() * len(yb)
                correct += int((outputs.argmax(dim=1) == yb).sum())
        return total / len(y)

    return point


def serve(pipe: Connection, weights: Path, width: int, workers: int, threads: int) -> None:
    """The public tool's side: a loss for every coordinate that comes through the pipe."""
    torch.set_num_threads(threads)
    model = SmallImageResNet18(10, (3, 32, 32), width).eval()
    load_weights(model, weights)
    point = loaders(model, *tested(), workers)
    while (alpha := pipe.recv()) is not None:
        pipe.send(point(alpha))


def elsewhere(
    weights: Path, width: int, workers: int, threads: int
) -> tuple[Callable[[float | None], float | None], multiprocessing.Process]:
    """The public tool's side as a function, and the process that it runs in; None ends it."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there, weights, width, workers, threads))
    process.start()

    def call(alpha: float | None) -> float | None:
        here.send(alpha)
        return None if alpha is None else here.recv()

    return call, process


def tested() -> tuple[Tensor, Tensor]:
    """Images and labels, the images as pictures hold them."""
    x, y = samples(SIZE, SAMPLES)["test"]
    return (255 * x).round() / 255, y


def compare(
    name: str, sides: dict[str, Callable[[float], float]], points: int
) -> tuple[dict[str, list[float]], dict[str, np.ndarray]]:
    """All sides at every point in turn: seconds and losses by side."""
    seconds, losses = {side: [] for side in sides}, {side: [] for side in sides}
    for alpha in alphas(0.5, points).tolist():
        for side, call in sides.items():
            started = time.perf_counter()
            losses[side].append(call(alpha))
            seconds[side].append(time.perf_counter() - started)
    for side, taken in seconds.items():
        print(f"{name}, {side}: {1e3 * statistics.median(taken):.0f} ms a point, {points} points")
    return seconds, {side: np.array(found) for side, found in losses.items()}


def scan(model: nn.Module, width: int, workers: list[int], points: int) -> list[Row]:
    """Clean and, a third as many, attacked points of a network."""
    x, y = tested()

    def clean() -> float:
        return score(model, x, y, BATCH).loss

    def attacked() -> float:
        return score(model, perturb(model, x, y, ATTACK, 0, BATCH), y, BATCH).loss

    still = SmallImageResNet18(10, (3, 32, 32), width).eval()
    still.load_state_dict(model.state_dict())
    moves = random_direction(model, "filter-normalised", 0)
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.safetensors"
        save_weights(model.state_dict(), weights)
        threads = torch.get_num_threads()
        theirs = {count: elsewhere(weights, width, count, threads) for count in workers}
        keep_freed_memory()
        use_fast_layout(model)
        use_fast_layout(still)
        store = PointStore(Path(folder) / "points.jsonl", "benchmark")
        with walking(model, moves) as to:

            def ours(measure: Callable[[], float], alpha: float) -> float:
                to(alpha)
                store.put(len(store), found := measure())
                return found

            clean()
            attacked()
            for call, _ in theirs.values():
                call(0.0)
            sides = {
                "plain": lambda alpha: score(still, x, y, BATCH).loss,
                "ours": lambda alpha: ours(clean, alpha),
            }
            sides |= {f"loaders, {count} workers": call for count, (call, _) in theirs.items()}
            seconds, losses = compare("clean", sides, points)
            sides = {
                "plain": lambda alpha: (
                    score(still, perturb(still, x, y, ATTACK, 0, BATCH), y, BATCH).loss
                ),
                "ours": lambda alpha: ours(attacked, alpha),
            }
            under, _ = compare("attacked", sides, points // 3)
        for call, process in theirs.values():
            call(None)
            process.join()
    print(f"clean: a point costs {spread(ratios(seconds['ours'], seconds['plain']), 3)} plain ones")
    # an attack's own work depends on the weights, so points are compared as a whole
    total = sum(under["ours"]) / sum(under["plain"])
    print(f"attacked: all points cost {total:.3f} of the plain attacks")
    total = sum(seconds["ours"]) / sum(seconds["plain"])
    print(f"clean: all points cost {total:.3f} of the plain evaluations")
    rows = []
    for count in workers:
        side = f"loaders, {count} workers"
        apart = float(np.abs(losses["ours"] / losses[side] - 1).max())
        answers = f"losses {apart:.1e} apart (allowed: {AGREE:g})"
        peer = f"loss-landscape's way, {count} workers"
        faster = ratios(seconds[side], seconds["ours"])
        rows.append(judged("a point of a line", peer, apart <= AGREE, answers, faster))
    return rows


def scan_linear() -> None:
    """Robust logistic regression on digits 0 vs 1: 51 points at once, or one by one."""
    digits = load_digits(n_class=2)
    loss = RobustLoss(digits.data / 16, 2.0 * digits.target - 1, EPSILON)
    line = LinearModel(np.random.default_rng(0).standard_normal(64) / 8, 0.1)
    d = direction(64, 0)[:, None] * line.norm
    steps = alphas(1.0, POINTS)[:, None]

    def at_once() -> np.ndarray:
        return np.logaddexp(0, -scan_margins(loss, line, d, steps)).mean(axis=0)

    def one_by_one() -> np.ndarray:
        moved = (LinearModel(line.w + alpha * d[:, 0], line.b) for alpha in steps[:, 0])
        return np.array([loss.data_loss(at) for at in moved])

    if not np.allclose(at_once(), one_by_one(), rtol=1e-10):
        raise SystemExit("linear: the two sides differ")
    taken = {}
    for name, call in {"at once": at_once, "one by one": one_by_one}.items():
        taken[name] = []
        for _ in range(101):
            started = time.perf_counter()
            call()
            taken[name].append(1e3 * (time.perf_counter() - started))
        print(f"linear, {POINTS} points {name}: {statistics.median(taken[name]):.3f} ms")


def main() -> None:
    """Linear first, then the network."""
    options = parser(__doc__)
    options.add_argument("--steps", type=int, default=30, help="of training the network")
    options.add_argument("--workers", type=int, nargs="+", default=[0, 2], help="of the loaders")
    options.add_argument("--points", type=int, default=POINTS, help="of a line; odd")
    options.add_argument("--repeats", type=int, default=3, help="lines with Landscaper")
    options.add_argument("--width", type=int, default=64, help="of the ResNet-18; 64: full")
    arguments = options.parse_args()
    torch.set_num_threads(arguments.threads)
    scan_linear()
    train = samples(SIZE, SAMPLES)["train"]
    model = network(*train, arguments.steps, width=arguments.width)
    rows = scan(model, arguments.width, arguments.workers, arguments.points)
    x, y = tested()
    rows += compare_lines(model, x, y, arguments.points, arguments.repeats, BATCH)
    smooth = network(*train, arguments.steps, "gelu", width=arguments.width)
    rows += compare_eigenvector(smooth, x, y, BATCH)
    rows += compare_density(smooth, x, y)
    hand_over(rows, arguments.json)


if __name__ == "__main__":
    main()
