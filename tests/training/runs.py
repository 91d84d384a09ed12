"""A small run that the training tests share."""

import torch

from advscape.attacks.pgd import PGD
from advscape.models.state import save_weights
from advscape.threat import ThreatModel
from advscape.training.augment import Augmentation
from advscape.training.checkpoint import Checkpoint
from advscape.training.monitor import Monitor
from advscape.training.objectives import Adversarial
from advscape.training.schedule import cyclic
from advscape.training.snapshots import Snapshots
from advscape.training.train import Recipe, train
from advscape.training.updates import Descent
from tests.sections import built_model

N = 90


def samples(seed=0, n=N):
    """Three classes of 8x8 images: a bright column each, with noise."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 3
    x = 0.3 * torch.rand(n, 1, 8, 8, generator=generator)
    x[torch.arange(n), 0, :, 2 * y] += 0.6
    return x, y


def network(seed=0):
    torch.set_num_threads(1)
    return built_model({"name": "resnet18", "width": 4, "activation": "relu"}, 3, (1, 8, 8), seed)


def recipe(
    model, epochs=4, epsilon=0.3, learning_rate=0.05, bfloat16=False, update=None, average=None
):
    return Recipe(
        epochs,
        32,
        learning_rate,
        cyclic(0.4),
        Adversarial(PGD(ThreatModel("l2", epsilon), steps=2)),
        update or Descent(model, 0.9, 5e-4),
        Augmentation(padding=1, flip=False),
        bfloat16,
        average=average,
    )


def run(folder, key="key", every_s=60.0, model=None, snapshots=(), **options):
    """Train as the stage does: write the weights of the last and the best epoch, and the others."""
    model = model or network()
    monitor = Monitor(
        {"validation": samples(2, 30), "test": samples(3, 30)},
        PGD(ThreatModel("l2", 0.3), steps=2), seed=0, every=1, batch_size=32,
    )  # fmt: skip
    kept = Snapshots(folder / "checkpoints", snapshots)
    checkpoint = Checkpoint(folder / "checkpoint.safetensors", key, every_s)
    found = train(
        model,
        *samples(),
        recipe(model, **options),
        seed=0,
        checkpoint=checkpoint,
        monitor=monitor,
        snapshots=kept,
    )
    save_weights(model.state_dict(), folder / "weights.safetensors")
    save_weights(found.best, folder / "best.safetensors")
    kept.finish({"averaged": found.averaged})
    checkpoint.remove()
    return model, found


def written(folder):
    """All weights that a run leaves, by file."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*.safetensors"))
        if not any(part.startswith(".") for part in file.relative_to(folder).parts)
    }
