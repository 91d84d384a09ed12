"""Adversarial training of a full-width ResNet-18, against a plain loop: images per second.

The plain loop is what public repositories of adversarial training write (Rice et al. 2020, Wong
et al. 2020), written here from the papers: a DataLoader over a TensorDataset, float32, eager; an
attack in train mode whose ``backward()`` forms gradients of the weights too. What some of them
do on top (a clean pass for the log, a pass that compares restarts) is left out.

L2 PGD-3 of radius 0.5 with a random start, pixels in [0, 1], 3 channels, 10 classes, batches of
128, SGD with momentum and weight decay, on 2 threads. Before the timing, both sides take two
steps on the same batches from the same weights without a random start: in float64 losses and
weights agree to 1e-5. (Running statistics do not: the plain attack moves them, ours leaves them.)
They do so with GELU: where a ReLU's input is nearly 0, rounding decides its slope, and each attack
step multiplies what that changes.

    make bench-env && .bench-venv/bin/python benchmarks/training.py
"""

from collections.abc import Callable
from functools import partial

import torch
from rows import Row, hand_over, judged, parser
from timing import PRECISIONS, interleaved, ratios, spread
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from advscape.attacks.pgd import PGD
from advscape.models.layout import use_fast_layout
from advscape.models.resnet import SmallImageResNet18
from advscape.threat import ThreatModel
from advscape.training.objectives import Adversarial
from advscape.training.train import Loop, Recipe
from advscape.training.updates import Descent

EPSILON, STEPS, RELATIVE_STEP = 0.5, 3, 2.5
BATCH, RATE, MOMENTUM, DECAY = 128, 0.01, 0.9, 5e-4
BATCHES = {16: 4, 32: 2}  # an epoch of either size takes about as long
TOLERANCE, ROUGH = 1e-5, 0.05
CHECKED = 16  # samples of a step that is only checked: float64 is slow


class Plain:
    """The plain loop."""

    def __init__(self, model: nn.Module, x: Tensor, y: Tensor, random_start: bool):
        """Train ``model`` on ``x`` and ``y``."""
        self.model, self.random_start = model, random_start
        self.loader = DataLoader(TensorDataset(x, y), batch_size=BATCH, shuffle=True)
        self.optimizer = torch.optim.SGD(
            model.parameters(), lr=RATE, momentum=MOMENTUM, weight_decay=DECAY
        )

    def epoch(self) -> float:
        """Once over the samples; the mean loss."""
        self.model.train()
        total = 0.0
        for x, y in self.loader:
            total += self.step(x, y) * len(y)
        return total / len(self.loader.dataset)

    def step(self, x: Tensor, y: Tensor) -> float:
        """One batch; its loss."""
        delta = self.attack(x, y)
        loss = functional.cross_entropy(self.model(x + delta), y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def attack(self, x: Tensor, y: Tensor) -> Tensor:
        """PGD by ``backward()``."""
        delta = torch.zeros_like(x)
        if self.random_start:
            delta.normal_()
            radius = EPSILON * torch.rand(len(x), 1, 1, 1)
            delta = (delta * radius / norms(delta)).clamp(-x, 1 - x)
        delta.requires_grad_(True)
        for _ in range(STEPS):
            loss = functional.cross_entropy(self.model(x + delta), y)
            loss.backward()
            gradient = delta.grad.detach()
            ascent = gradient / (norms(gradient) + 1e-10) * RELATIVE_STEP * EPSILON / STEPS
            moved = delta.detach() + ascent
            moved = moved.flatten(1).renorm(p=2, dim=0, maxnorm=EPSILON).view_as(x)
            delta.data = moved.clamp(-x, 1 - x)
            delta.grad.zero_()
        return delta.detach()


def norms(delta: Tensor) -> Tensor:
    """L2 norm of each sample."""
    return delta.flatten(1).norm(dim=1).view(-1, 1, 1, 1)


class Ours:
    """The library's loop. Nothing else here knows how it is called."""

    def __init__(
        self, model: nn.Module, x: Tensor, y: Tensor, random_start: bool, precision: str = "fp32"
    ):
        """Train ``model`` on ``x`` and ``y``, in "fp32" or "bf16"."""
        use_fast_layout(model)
        threat = ThreatModel("l2", EPSILON, box=True)
        attack = PGD(threat, STEPS, RELATIVE_STEP, start="ball" if random_start else "clean")
        recipe = Recipe(
            1, BATCH, RATE, lambda step, steps: 1.0, Adversarial(attack),
            Descent(model, MOMENTUM, DECAY), bfloat16=precision == "bf16",
        )  # fmt: skip
        self.loop = Loop(model, x, y, recipe, 0, None)

    def epoch(self) -> float:
        """Once over the samples; the mean loss."""
        for _ in range(self.loop.batches):
            self.loop.batch()
        loss = float(self.loop.sums[0]) / len(self.loop.y)
        self.loop.sums.zero_()
        return loss

    def step(self, x: Tensor, y: Tensor) -> float:
        """One batch; its loss."""
        self.loop.model.train()
        return float(self.loop._move(x, y, RATE, 0, None)[0]) / len(y)


def samples(size: int, count: int) -> tuple[Tensor, Tensor]:
    """Noise in [0, 1] with random labels: the time of a step does not depend on them."""
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(count, 3, size, size, generator=generator)
    return x, torch.randint(10, (count,), generator=generator)


def network(width: int, activation: str = "relu") -> nn.Module:
    """The network with the same weights every time."""
    torch.manual_seed(0)
    return SmallImageResNet18(10, (3, 32, 32), width, activation)


def two_steps(
    side: Callable[..., Plain | Ours], size: int, width: int, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Losses and weights of two steps on small batches, without a random start."""
    x, y = samples(size, 2 * CHECKED)
    x, model = x.to(dtype), network(width, "gelu").to(dtype).train()
    trained = side(model, x, y, random_start=False)
    batches = zip(x.split(CHECKED), y.split(CHECKED), strict=True)
    losses = torch.tensor([trained.step(*batch) for batch in batches], dtype=torch.float64)
    weights = torch.cat([weight.detach().flatten() for weight in model.parameters()])
    return losses, weights.double()


def check(size: int, width: int) -> dict[str, tuple[bool, str]]:
    """By precision, whether two steps of ours are the plain loop's, and how far they are apart.

    In float64 both must be the same, losses and weights. In bfloat16 losses are near those.
    """
    exact = two_steps(Plain, size, width, torch.float64)
    apart = max(gaps(two_steps(Ours, size, width, torch.float64), exact))
    answers = f"two steps in float64 {apart:.1e} apart (allowed: {TOLERANCE:g})"
    found = {"fp32": (apart <= TOLERANCE, answers)}
    rough = gaps(two_steps(partial(Ours, precision="bf16"), size, width, torch.float32), exact)
    answers = f"losses of two steps {rough[0]:.1e} from float64's (allowed: {ROUGH:g})"
    found["bf16"] = rough[0] <= ROUGH, answers
    for name, side in {"plain": Plain, "ours": Ours}.items():
        off = gaps(two_steps(side, size, width, torch.float32), exact)
        print(f"{size}x{size}: {name} in float32: losses {off[0]:.1e}, weights {off[1]:.1e} off")
    return found


def gaps(found: tuple[Tensor, ...], exact: tuple[Tensor, ...]) -> list[float]:
    """Relative distances."""
    return [float((a - b).norm() / b.norm()) for a, b in zip(found, exact, strict=True)]


def compare(size: int, repeats: int, width: int) -> list[Row]:
    """Check and time both sides; a row for each precision."""
    answers = check(size, width)
    x, y = samples(size, BATCHES[size] * BATCH)
    sides = {"plain": Plain(network(width), x, y, random_start=True)}
    sides |= {kind: Ours(network(width), x, y, True, kind) for kind in PRECISIONS}
    for side in sides.values():
        side.step(x[:BATCH], y[:BATCH])
    seconds, losses = interleaved({name: side.epoch for name, side in sides.items()}, repeats)
    for name, times in seconds.items():
        speeds = [len(y) / t for t in times]
        print(f"{name} {size}x{size} {spread(speeds, 1)} images/s, loss {losses[name]:.4f}")
    rows = []
    for kind in PRECISIONS:
        others = {"plain loop, fp32": "plain"} | ({} if kind == "fp32" else {"ours, fp32": "fp32"})
        for peer, side in others.items():
            faster = ratios(seconds[side], seconds[kind])
            rows.append(judged(f"training, {size}x{size}, {kind}", peer, *answers[kind], faster))
    return rows


def main() -> None:
    """Check and time both sizes."""
    options = parser(__doc__)
    options.add_argument("--sizes", type=int, nargs="+", default=[16, 32], choices=BATCHES)
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--width", type=int, default=64, help="of the ResNet-18; 64: full")
    arguments = options.parse_args()
    torch.set_num_threads(arguments.threads)
    rows = []
    for size in arguments.sizes:
        rows += compare(size, arguments.repeats, arguments.width)
    hand_over(rows, arguments.json)


if __name__ == "__main__":
    main()
