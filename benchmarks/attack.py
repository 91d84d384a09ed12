"""Evaluation with PGD on a full-width ResNet-18, against torchattacks: samples per second.

Both sides attack the same samples with L2 PGD-10 of radius 0.5, no random start, no early
stopping, pixels in [0, 1], a network in eval mode, batches of 128, on 2 threads. The network has
seen scikit-learn's digits, enlarged, for a few steps of adversarial training, so that accuracy
under attack is neither 0 nor 1. Whatever made the perturbed inputs, float32 scores them: accuracy
agrees to 0.5 % and loss to 1e-2.

    make bench-env && .bench-venv/bin/python benchmarks/attack.py
"""

import argparse

import torch
from digits import BATCH, EPSILON, network, samples
from timing import interleaved, precisions, ratios, spread, worst
from torch import Tensor, nn

from advscape.attacks.perturb import perturb
from advscape.attacks.pgd import PGD
from advscape.evaluation.evaluate import Score, score
from advscape.models.layout import use_fast_layout
from advscape.models.resnet import SmallImageResNet18
from advscape.threat import ThreatModel

try:
    from torchattacks import PGDL2
except ModuleNotFoundError as error:
    raise SystemExit(
        f"no {error.name} here: make bench-env && .bench-venv/bin/python benchmarks/attack.py"
    ) from None

STEPS, RELATIVE_STEP = 10, 2.5
ACCURACY_GAP, LOSS_GAP = 0.005, 1e-2


def peer(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Perturbed inputs by torchattacks."""
    size = RELATIVE_STEP * EPSILON / STEPS
    attack = PGDL2(model, eps=EPSILON, alpha=size, steps=STEPS, random_start=False)
    batches = zip(x.split(BATCH), y.split(BATCH), strict=True)
    return torch.cat([attack(*batch) for batch in batches])


def ours(model: nn.Module, x: Tensor, y: Tensor, precision: str) -> Tensor:
    """Perturbed inputs by the library. Nothing else here knows how it is called."""
    threat = ThreatModel("l2", EPSILON, box=True)
    attack = PGD(threat, STEPS, RELATIVE_STEP, start="clean")
    return perturb(model, x, y, attack, 0, BATCH, bfloat16=precision == "bf16")


def check(name: str, mine: Score, theirs: Score) -> None:
    """Both attacks are as strong.

    Raises:
        SystemExit: they are not.
    """
    accuracy, loss = abs(mine.accuracy - theirs.accuracy), abs(mine.loss - theirs.loss)
    print(f"{name}: accuracy differs by {accuracy:.4f}, loss by {loss:.1e}")
    if accuracy > ACCURACY_GAP or loss > LOSS_GAP:
        raise SystemExit(f"{name}: allowed: {ACCURACY_GAP} and {LOSS_GAP:g}")


def compare(size: int, kinds: list[str], arguments: argparse.Namespace) -> dict[str, list[float]]:
    """Time both sides; the ratios of each precision."""
    drawn = samples(size, arguments.samples)
    model = network(*drawn["train"], arguments.steps)
    x, y = drawn["test"]
    # a layout each, of the same weights: torchattacks fails on channels_last
    fast = SmallImageResNet18(10, (3, 32, 32)).eval()
    fast.load_state_dict(model.state_dict())
    use_fast_layout(fast)
    sides = {"torchattacks": lambda: peer(model, x, y)}
    sides |= {kind: lambda kind=kind: ours(fast, x, y, kind) for kind in kinds}
    peer(model, x[:BATCH], y[:BATCH])
    for kind in kinds:
        ours(fast, x[:BATCH], y[:BATCH], kind)
    seconds, perturbed = interleaved(sides, arguments.repeats)
    clean = score(model, x, y, BATCH)
    print(f"clean {size}x{size}: accuracy {clean.accuracy:.4f}, loss {clean.loss:.4f}")
    scores = {name: score(model, found.contiguous(), y, BATCH) for name, found in perturbed.items()}
    for name, times in seconds.items():
        found = f"accuracy {scores[name].accuracy:.4f}, loss {scores[name].loss:.4f}"
        speeds = [len(y) / t for t in times]
        print(f"{name} {size}x{size}: {spread(speeds, 1)} samples/s, {found}")
    for kind in kinds:
        check(f"{kind} {size}x{size}", scores[kind], scores["torchattacks"])
    found = {kind: ratios(seconds["torchattacks"], seconds[kind]) for kind in kinds}
    for kind, values in found.items():
        print(f"{kind} {size}x{size} ratio {spread(values)}", flush=True)
    return found


def main() -> None:
    """Time both sizes and print the ratio of the slower one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[16, 32])
    parser.add_argument("--samples", type=int, default=384, help="attacked samples")
    parser.add_argument("--steps", type=int, default=30, help="of training the network")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    kinds = precisions()
    last = {size: compare(size, kinds, arguments)[kinds[-1]] for size in arguments.sizes}
    print(f"ratio {spread(worst(last))}")


if __name__ == "__main__":
    main()
