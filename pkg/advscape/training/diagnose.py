"""Why a training is not finite any more: its steps are made again, and looked at one by one."""

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from advscape.evaluation.finite import named
from advscape.models.untouched import untouched
from advscape.threat import ThreatModel

if TYPE_CHECKING:
    from advscape.training.train import Loop

State = tuple[dict[str, Tensor], dict[str, Any]]


def why_not_finite(loop: "Loop", state: State) -> str:
    """The cause in one line.

    Args:
        loop: a run that is not finite; of no use afterwards.
        state: the run before, in the same epoch, when it was.
    """
    end, epoch = loop.step, (loop.step - 1) // loop.batches + 1
    loop.load(*state)
    at = f"training: not finite any more in epoch {epoch}"
    while loop.step < end:
        before = copied(loop.state())
        loop.batch()
        if not loop.is_finite():
            loop.load(*before)
            step = loop.step % loop.batches + 1
            return f"{at}, step {step} of {loop.batches}: {_cause(loop)}"
    return f"{at}; its steps made again were finite: the device does not repeat its results"


def copied(state: State) -> State:
    """A state that stays as it is while the run goes on; in the host's memory."""
    tensors, record = state
    return {name: value.detach().to("cpu", copy=True) for name, value in tensors.items()}, record


def _cause(loop: "Loop") -> str:
    """What of the next step is the first that is not finite."""
    model, objective, attack = loop.model, loop.recipe.objective, loop.recipe.objective.attack
    batch = loop.draw()
    x, y = batch.x, batch.y
    where, micro = _words(attack.threat), None if loop.whole else loop.micro.size
    faulty = _of_images(loop, batch)
    if faulty:
        return faulty
    model.train()
    if not _outputs(loop, x).isfinite().all():
        if loop.step == 0:
            return "the network's output in training mode is not finite at its initial weights"
        return _diverged(loop, x)
    with loop.cast():
        perturbed = objective.perturb(model, x, y, loop.generators["attack"], micro)
    lost = not perturbed.isfinite().all()
    if lost:  # on its way: its start is known, and may tell why
        perturbed = x + attack.threat.random_start(x, loop.generators["attack"])
    outputs = _outputs(loop, perturbed)
    bad = ~outputs.isfinite().flatten(1).all(dim=1)
    if bad.any():
        lowest, highest = perturbed.min().item(), perturbed.max().item()
        return _too_far(attack.threat, x) or (
            f"the network's output is finite for the images and not for {int(bad.sum())} of "
            f"{len(bad)} perturbed ones, whose pixels lie in [{lowest:.3g}, {highest:.3g}]; {where}"
        )
    if lost:
        return _too_far(attack.threat, x) or (
            f"the network's gradient in its input is not finite, so that the attack fails; {where}"
        )
    model.train()
    model.zero_grad()
    with loop.cast():
        losses, _ = objective.losses(model, x, perturbed, y)
    if not losses.isfinite().all():
        return _too_far(attack.threat, x) or (
            "the loss is not finite although the network's outputs are; the largest of them is "
            f"{outputs.abs().max().item():.3g}"
        )
    losses.mean().backward()
    for name, parameter in model.named_parameters():
        if parameter.grad is not None and not parameter.grad.isfinite().all():
            return _too_far(attack.threat, x) or (
                f"the gradient of {name} is not finite although the loss, {losses.mean():.3g}, is"
            )
    return _diverged(loop, x)


def _of_images(loop: "Loop", batch: Any) -> str | None:
    """Images for which the network gives no finite output: others do, or no step was made yet."""
    with untouched(loop.model):
        outputs = _outputs(loop, batch.x)
    bad = ~outputs.isfinite().flatten(1).all(dim=1)
    if not bad.any() or (bad.all() and loop.step > 0):
        return None
    number = int(batch.places[bad][0])
    words = named(outputs, bad, batch.x, "training images of this batch", number)
    return f"the network's output is {words}"


def _diverged(loop: "Loop", x: Tensor) -> str:
    keys = ["training.learning_rate"]
    sizes = [size for size in ("gamma", "rho") if hasattr(loop.recipe.update, size)]
    keys += [f"training.objective.{size}" for size in sizes]
    return _too_far(loop.recipe.objective.attack.threat, x) or (
        f"the weights grew beyond all bounds; lower {' or '.join(keys)}"
    )


def _too_far(threat: ThreatModel, x: Tensor) -> str | None:
    """A radius that takes attacked images far out of the box of pixels."""
    widest = 1.0 if threat.norm == "linf" else math.sqrt(x[0].numel())
    if threat.box or threat.epsilon <= widest:
        return None
    return (
        f"the attack goes far beyond images: {_words(threat)}, while two images differ by "
        f"{widest:.3g} at most; lower grid.epsilons or set threat.box"
    )


def _words(threat: ThreatModel) -> str:
    """A threat model in words."""
    box = ", within the box" if threat.box else ""
    return f"threat {threat.norm}, epsilon {threat.epsilon:g}{box}"


@torch.no_grad()
def _outputs(loop: "Loop", x: Tensor) -> Tensor:
    with loop.cast():
        return torch.cat([loop.model(part) for part in x.split(loop.micro.size + 1)])
