"""Evaluation with PGD on a ResNet-18, against torchattacks and foolbox: samples per second.

All sides attack the same samples with L2 PGD-10 of radius 0.5, no random start, no early
stopping, pixels in [0, 1], a network in eval mode, batches of 128, on 2 threads. The network has
seen scikit-learn's digits, enlarged, for a few steps of adversarial training, so that accuracy
under attack is neither 0 nor 1. Whatever made the perturbed inputs, float32 scores them: accuracy
agrees to 0.5 % and loss to 1e-2.

    make bench-env && .bench-venv/bin/python benchmarks/attack.py
"""

from argparse import Namespace

import torch
from digits import BATCH, EPSILON, network, samples
from rows import Row, answering, hand_over, judged, parser
from timing import PRECISIONS, interleaved, ratios, spread
from torch import Tensor, nn

from advscape.attacks.perturb import perturb
from advscape.attacks.pgd import PGD
from advscape.evaluation.evaluate import Score, score
from advscape.models.layout import use_fast_layout
from advscape.models.resnet import SmallImageResNet18
from advscape.threat import ThreatModel

STEPS, RELATIVE_STEP = 10, 2.5
ACCURACY_GAP, LOSS_GAP = 0.005, 1e-2


def torchattacks(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Perturbed inputs by torchattacks."""
    from torchattacks import PGDL2

    size = RELATIVE_STEP * EPSILON / STEPS
    attack = PGDL2(model, eps=EPSILON, alpha=size, steps=STEPS, random_start=False)
    batches = zip(x.split(BATCH), y.split(BATCH), strict=True)
    return torch.cat([attack(*batch) for batch in batches])


def foolbox(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Perturbed inputs by foolbox."""
    from foolbox import PyTorchModel
    from foolbox.attacks import L2ProjectedGradientDescentAttack

    attack = L2ProjectedGradientDescentAttack(
        rel_stepsize=RELATIVE_STEP / STEPS, steps=STEPS, random_start=False
    )
    bounded = PyTorchModel(model, bounds=(0, 1), device="cpu")
    batches = zip(x.split(BATCH), y.split(BATCH), strict=True)
    return torch.cat([attack.run(bounded, *batch, epsilon=EPSILON) for batch in batches])


PEERS = {"torchattacks": torchattacks, "foolbox": foolbox}


def ours(model: nn.Module, x: Tensor, y: Tensor, precision: str) -> Tensor:
    """Perturbed inputs by the library. Nothing else here knows how it is called."""
    threat = ThreatModel("l2", EPSILON, box=True)
    attack = PGD(threat, STEPS, RELATIVE_STEP, start="clean")
    return perturb(model, x, y, attack, 0, BATCH, bfloat16=precision == "bf16")


def apart(mine: Score, theirs: Score) -> tuple[bool, str]:
    """Whether both attacks are as strong, and by how much they are not."""
    accuracy, loss = abs(mine.accuracy - theirs.accuracy), abs(mine.loss - theirs.loss)
    answers = f"accuracy {accuracy:.4f}, loss {loss:.1e} apart"
    return (
        accuracy <= ACCURACY_GAP and loss <= LOSS_GAP,
        f"{answers} (allowed: {ACCURACY_GAP}, {LOSS_GAP:g})",
    )


def compare(size: int, arguments: Namespace) -> list[Row]:
    """Time all sides; a row for each peer and each precision."""
    drawn = samples(size, arguments.samples)
    model = network(*drawn["train"], arguments.steps, width=arguments.width)
    x, y = drawn["test"]
    # a layout each, of the same weights: torchattacks fails on channels_last
    fast = SmallImageResNet18(10, (3, 32, 32), arguments.width).eval()
    fast.load_state_dict(model.state_dict())
    use_fast_layout(fast)
    part = x[:BATCH], y[:BATCH]
    first = {name: lambda peer=peer: peer(model, *part) for name, peer in PEERS.items()}
    there, rows = answering(f"PGD-{STEPS}, {size}x{size}", first)
    sides = {name: lambda name=name: PEERS[name](model, x, y) for name in there}
    for kind in PRECISIONS:
        ours(fast, *part, kind)
        sides[kind] = lambda kind=kind: ours(fast, x, y, kind)
    seconds, perturbed = interleaved(sides, arguments.repeats)
    clean = score(model, x, y, BATCH)
    print(f"clean {size}x{size}: accuracy {clean.accuracy:.4f}, loss {clean.loss:.4f}")
    scores = {name: score(model, found.contiguous(), y, BATCH) for name, found in perturbed.items()}
    for name, times in seconds.items():
        found = f"accuracy {scores[name].accuracy:.4f}, loss {scores[name].loss:.4f}"
        speeds = [len(y) / t for t in times]
        print(f"{name} {size}x{size}: {spread(speeds, 1)} samples/s, {found}", flush=True)
    for name in there:
        for kind in PRECISIONS:
            faster = ratios(seconds[name], seconds[kind])
            what = f"PGD-{STEPS}, {size}x{size}, {kind}"
            rows.append(judged(what, name, *apart(scores[kind], scores[name]), faster))
    return rows


def main() -> None:
    """Time both sizes."""
    options = parser(__doc__)
    options.add_argument("--sizes", type=int, nargs="+", default=[16, 32])
    options.add_argument("--samples", type=int, default=384, help="attacked samples")
    options.add_argument("--steps", type=int, default=30, help="of training the network")
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--width", type=int, default=64, help="of the ResNet-18; 64: full")
    arguments = options.parse_args()
    torch.set_num_threads(arguments.threads)
    rows = [row for size in arguments.sizes for row in compare(size, arguments)]
    hand_over(rows, arguments.json)


if __name__ == "__main__":
    main()
