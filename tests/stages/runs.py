"""A run without a study: a small net, its samples, and settings of its judges."""

import torch

from advscape.data.split import Subset
from advscape.stages.record import Record, values_of
from advscape.stages.run import NetworkRun
from advscape.threat import ThreatModel
from tests.networks import batch, small_net
from tests.sections import attack_section

PGD10 = attack_section(name="pgd", steps=10, relative_step=10.0)
FGSM = attack_section(name="fgsm")


def network_run(epsilon=0.3, norm="l2", box=False, kind=NetworkRun, model=None):
    """A run that classifies most of its samples right, so that attacks have something to do."""
    model = (model or small_net()).eval()
    parts = {}
    for seed, split in enumerate(("train", "test")):
        x, _ = batch(60, seed)
        y = model(x).argmax(dim=1)
        y[:5] = (y[:5] + 1) % 3
        parts[split] = Subset(x.numpy(), y.numpy())
    key = {"noise": "aligned", "epsilon": epsilon, "seed": 0, "checkpoint": "last"}
    return kind(key, model, 3, parts, ThreatModel(norm, epsilon, box), torch.device("cpu"))


def settings(*attacks, common=0.2, **changes):
    values = {"common_epsilon": common, "samples": None, "batch_size": 512, **changes}
    return Record(values | {"attacks": [values_of(attack) for attack in attacks or [PGD10]]})


def samples(run, size=None):
    return {split: run.samples(split, size, f"evaluation samples, {split}") for split in run.parts}
