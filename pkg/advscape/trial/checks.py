"""What a network has to do for its numbers to mean something; each check refuses in one line."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress

import torch
from torch import Tensor, nn
from torch.nn import functional

from advscape.curvature.first_derivatives import Substituted, tensors_in
from advscape.curvature.graph import gradient_graph, pulled
from advscape.curvature.hessian import HessianOperator
from advscape.curvature.proof import UnprovenHessian, proven_path
from advscape.errors import UserError
from advscape.losses import precise_losses, sample_losses
from advscape.models.check import check_logits
from advscape.models.kinks import rounds_to
from advscape.models.restored import restored
from advscape.models.untouched import differentiable, untouched

#: size of what stands in for 0 where kinks are to be avoided
_BESIDE = 1e-3
#: relative distance between outputs that rounding may make
_ROUNDING = {torch.float32: 1e-3, torch.float64: 1e-7}
#: size of inputs at which no logits are small
_FAR = 100.0
#: differences of losses: how far off the inputs, along how many lines, over which steps relative to
#: the inputs (long ones where numpy rounds to float32, short ones where kinks are dense), of which
#: gradients, and how far off they may be, relative
_ASIDE, _LINES, _STEPS, _FLAT, _OFF = 0.1, 3, (1e-9, 1e-6, 1e-3), 1e-4, 0.02
#: a batch as large as those of measuring may be
_LARGE = 32


@torch.no_grad()
def finite(model: nn.Module, x: Tensor, places: Sequence[str]) -> None:
    """Outputs are finite on the data.

    Raises:
        UserError: one is not.
    """
    with untouched(model):
        bad = (~model(x).isfinite()).flatten(1).any(dim=1).nonzero()[:, 0].tolist()
    if bad:
        spread = float(x[bad[0]].double().std())
        cause = ", whose pixels are all alike" if spread < 1e-6 else ""
        raise UserError(
            f"its output is not finite for {len(bad)} of {len(x)} inputs tried: "
            f"{places[bad[0]]}{cause}"
        )


@torch.no_grad()
def repeatable(model: nn.Module, x: Tensor) -> None:
    """In eval mode the same inputs give the same outputs.

    Raises:
        UserError: they do not.
    """
    with untouched(model):
        one, two = model(x), model(x)
    if not torch.equal(one, two):
        raise UserError(
            "it gives other outputs for the same inputs in eval mode: it draws random numbers, "
            f"or keeps something from call to call{_training(model)}"
        )


@torch.no_grad()
def independent(model: nn.Module, x: Tensor) -> None:
    """In eval mode a sample's logits do not depend on the other samples of the batch.

    Raises:
        UserError: they do.
    """
    with untouched(model):
        whole, half = model(x), model(x[: len(x) // 2])
        single, many = model(x[:1]), model(x.repeat(-(-_LARGE // len(x)), *[1] * (x.ndim - 1)))
    apart = max(
        _apart(whole[: len(half)], half), _apart(whole[:1], single), _apart(many[: len(x)], whole)
    )
    if apart > _ROUNDING.get(x.dtype, 0.1):
        raise UserError(
            f"in eval mode a sample's logits depend on the other samples of its batch (by "
            f"{apart:.2g} of their size){_training(model)}"
        )


def trainable(model: nn.Module, x: Tensor, y: Tensor, bfloat16: bool) -> list[str]:
    """In training mode it gives logits, a loss and gradients; names of parameters without one.

    Raises:
        UserError: it does not.
    """
    with torch.no_grad(), untouched(model):
        classes = model(x).shape[1]
    training = model.training
    model.train()
    try:
        with torch.autocast(x.device.type, torch.bfloat16, enabled=bfloat16):
            logits = check_logits(model(x), x, classes, "training mode")
            loss = functional.cross_entropy(logits.float() if bfloat16 else logits, y)
        named = {name: p for name, p in model.named_parameters() if p.requires_grad}
        if not loss.requires_grad:
            raise UserError("its output does not depend on any parameter that is to be trained")
        gradients = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    finally:
        model.train(training)
    for (name, _), gradient in zip(named.items(), gradients, strict=True):
        if gradient is not None and not gradient.isfinite().all():
            raise UserError(f"the gradient of its parameter {name} is not finite")
    return [name for name, g in zip(named, gradients, strict=True) if g is None]


def attackable(model: nn.Module, x: Tensor, y: Tensor) -> None:
    """The loss has a finite gradient in the inputs.

    Raises:
        UserError: it has none.
    """
    x = x.detach().requires_grad_(True)
    with untouched(model):
        loss = sample_losses(model(x), y).sum()
        gradient = None
        if loss.requires_grad:
            (gradient,) = torch.autograd.grad(loss, x, allow_unused=True)
    if gradient is None:
        raise UserError("its output has no gradient in its input: no attack can find one")
    if not gradient.isfinite().all():
        raise UserError("the gradient of the loss in its input is not finite")


def follows_slope(model: nn.Module, x: Tensor, y: Tensor) -> bool:
    """Whether the loss's gradient in the inputs is its slope, by differences in float64.

    It is another one behind a straight-through estimator, a detached part or numpy. Kinks that a
    difference steps over are few: with one of several steps half of the differences have to agree.

    Returns:
        True also where it cannot be told: the network fails in float64 or rounds to half precision,
        or its losses are flat.

    Raises:
        OutOfMemoryError: memory does not hold it.
    """
    if rounds_to(model, x) is not None:
        return True
    try:
        wide = Substituted(model, tensors_in(model, torch.float64))
        return any(_is_slope(wide, x.double(), y, step) for step in _STEPS)
    except torch.OutOfMemoryError:
        raise
    except Exception:  # whatever the user's code raises
        return True


def _is_slope(model: nn.Module, x: Tensor, y: Tensor, step: float) -> bool:
    """Whether half of the differences of losses along random lines are what the gradient tells.

    Args:
        model: in float64.
        x: (n, ...) inputs, in float64.
        y: (n,) labels.
        step: of the differences, relative to the inputs' size.
    """
    generator = torch.Generator().manual_seed(0)
    size = float(x.abs().max()) or 1.0
    # off black and white pixels, where kinks meet, and not beyond them
    inwards = torch.where(x > size / 2, -size, size)
    x = x + _ASIDE * inwards * torch.rand(x.shape, generator=generator).to(x)

    def losses(at: Tensor) -> Tensor:
        return precise_losses(model(at), y)

    with untouched(model):
        moving = x.clone().requires_grad_(True)
        loss = losses(moving)
        (gradient,) = torch.autograd.grad(loss.sum(), moving)
        lengths = size * gradient.flatten(1).norm(dim=1)
        agree = []
        for _ in range(_LINES):
            line = size * torch.randn(x.shape, generator=generator).to(x)
            said = (gradient * line).flatten(1).sum(dim=1)
            with torch.no_grad():
                slope = (losses(x + step * line) - losses(x - step * line)) / (2 * step)
            told = lengths > _FLAT * loss.detach().clamp_min(1)  # not too flat for differences
            agree.append(((slope - said).abs() <= _OFF * lengths)[told])
    found = torch.cat(agree).double()
    return not len(found) or float(found.mean()) >= 0.5


def attached(model: nn.Module, x: Tensor) -> None:
    """Every parameter that is to be trained and that moves the outputs gets a gradient.

    Otherwise lines in weight space would move what Hessians take for constant.

    Raises:
        UserError: one gets none.
    """
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    with differentiable(model, [*named.values()]):
        logits = model(x)
        if not logits.requires_grad:
            return
        gradients = torch.autograd.grad(logits.sum(), [*named.values()], allow_unused=True)
    generator = torch.Generator().manual_seed(0)
    for (name, parameter), gradient in zip(named.items(), gradients, strict=True):
        if gradient is not None:
            continue
        step = torch.randn(parameter.shape, generator=generator).to(parameter)
        with torch.no_grad(), restored([parameter]), untouched(model):
            before = model(x)  # without gradients too: torch has other kernels then
            parameter.add_(step * (1 + parameter.abs()))
            moved = not torch.equal(before, model(x))
        if moved:
            raise UserError(
                f"its output depends on its parameter {name}, which gets no gradient: it is "
                "detached, or used under no_grad; allowed: requires_grad_(False) on it"
            )


def curved(model: nn.Module, x: Tensor, y: Tensor) -> str | None:
    """The loss has second derivatives in the weights and in the inputs.

    Returns:
        None, or why its Hessians cannot be shown to be right: their cells will be empty.

    Raises:
        UserError: torch cannot take them at all.
    """
    with _off_kinks(model, x) as x:
        operator = HessianOperator(model, x, y, len(y))
        try:
            path = proven_path(operator)
            moving = x.detach().requires_grad_(True)
            with differentiable(model, operator.parameters):
                with path.building(model):
                    (slope,) = gradient_graph(precise_losses(model(moving), y).sum(), [moving])
                pulled([slope], [moving, *operator.parameters], [slope.detach()])
        except UnprovenHessian as error:
            if error.undefined:
                raise UserError(f"it cannot be differentiated twice: {error}") from error
            return str(error)
    return None


@contextmanager
def _off_kinks(model: nn.Module, x: Tensor) -> Iterator[Tensor]:
    """Within the block nothing is exactly 0, where ReLU and others have their kink.

    A new network has biases of 0, and images have black pixels: where both meet, a difference of
    first derivatives says nothing. Training moves the biases away.

    Args:
        model: its parameters of 0 get small values within the block.
        x: (n, ...) inputs.

    Yields:
        Inputs beside them.
    """
    generator = torch.Generator().manual_seed(0)

    def noise(like: Tensor) -> Tensor:
        return _BESIDE * torch.randn(like.shape, generator=generator).to(like)

    parameters = [*model.parameters()]
    with restored(parameters):
        with torch.no_grad():
            for parameter in parameters:
                parameter.copy_(torch.where(parameter == 0, noise(parameter), parameter))
        yield x + noise(x)


@torch.no_grad()
def looks_like_probabilities(model: nn.Module, x: Tensor) -> bool:
    """Whether all outputs lie in [0, 1], as those of softmax and sigmoid do, and no logits.

    New networks' logits are small, and by chance may lie there: so inputs that are far too large
    are tried too. A network that refuses them, or is not finite there, says nothing.
    """
    generator = torch.Generator().manual_seed(0)
    wild = _FAR * torch.randn(x.shape, generator=generator).to(x)
    with untouched(model):
        outputs = model(x)
        with suppress(Exception):
            outputs = torch.cat([outputs, model(wild)])
    return bool(((outputs >= 0) & (outputs <= 1) | ~outputs.isfinite()).all())


@torch.no_grad()
def same_outputs(model: nn.Module, other: nn.Module, x: Tensor) -> None:
    """A network made again, with this one's state, gives this one's outputs.

    Raises:
        UserError: it does not.
    """
    with untouched(model), untouched(other):
        apart = _apart(model(x), other(x))
    if apart > _ROUNDING.get(x.dtype, 0.1):
        raise UserError(
            f"made again and given its state_dict, it gives other outputs (by {apart:.2g} of their "
            "size): it draws constants or keeps values outside of its state; register them as "
            "buffers"
        )


@torch.no_grad()
def same_training(
    model: nn.Module,
    other: nn.Module,
    x: Tensor,
    draws: Callable[[], AbstractContextManager[None]],
) -> None:
    """In training mode too, with equal global draws: a run that is taken up goes on as it would.

    Args:
        model: has had a pass in training mode; left as it was, as the other is.
        other: made again and given this one's state.
        x: (n, ...) inputs.
        draws: makes the block within which global draws are always the same.

    Raises:
        UserError: it does not.
    """
    found = []
    for network in (model, other):
        training = network.training
        with restored([*network.parameters(), *network.buffers()]), draws():
            found.append(network.train()(x.clone()))
        network.train(training)
    apart = _apart(*found)
    if apart > _ROUNDING.get(x.dtype, 0.1):
        raise UserError(
            f"made again and given its state_dict, it gives other outputs in training mode (by "
            f"{apart:.2g} of their size), so that a run could not be taken up: it draws from a "
            "generator of its own, or counts its passes outside of its state; use the global "
            "generators, and a buffer"
        )


def _apart(one: Tensor, two: Tensor) -> float:
    size = max(float(one.double().abs().max()), 1e-30)
    return float((one.double() - two.double()).abs().max()) / size


def _training(model: nn.Module) -> str:
    """Which modules stay in training mode, where that may be the cause."""
    with untouched(model):
        names = [name or "itself" for name, module in model.named_modules() if module.training]
    return f"; {', '.join(names[:3])} stays in training mode after eval()" if names else ""
