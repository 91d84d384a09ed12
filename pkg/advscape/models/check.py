"""A new network has to be one that can be trained, kept and measured."""

import math
from collections.abc import Sequence
from itertools import chain, pairwise

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from advscape.errors import UserError
from advscape.models.restored import restored, trained
from advscape.models.untouched import untouched

#: images that go through a new network
BATCH = 2


def example(model: nn.Module, shape: tuple[int, ...]) -> Tensor:
    """Two images (2, channels, height, width) in [0, 1], in the network's precision.

    Every pixel has another value: on a constant image a network may normalise 0 by 0.
    """
    dtype = next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.float32)
    return torch.linspace(0, 1, BATCH * math.prod(shape), dtype=dtype).view(BATCH, *shape)


def check_state(model: nn.Module) -> None:
    """Refuse parameters and states that cannot be trained, written to disk or measured.

    Raises:
        UserError: a module is TorchScript; no parameter is to be trained; two are one tensor, or
            share memory; one is complex, or of another precision than float32 or float64, or than
            the others; a part of the state is no dense tensor.
    """
    for name, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            raise UserError(
                f"{name or 'it'} is compiled by TorchScript, which takes no other weights or "
                "hooks; allowed: the module that was compiled"
            )
    names: dict[int, str] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if id(parameter) in names:
            raise UserError(
                f"{names[id(parameter)]} and {name} share a tensor; tied weights are not supported"
            )
        names[id(parameter)] = name
    check_memory(model)
    if not trained(model):
        what = "all its parameters are frozen" if names else "it has no parameters"
        raise UserError(f"{what}; allowed: at least one that requires a gradient")
    _check_precision(model)
    for name, value in model.state_dict().items():
        if not isinstance(value, Tensor):
            raise UserError(
                f"its state_dict has {name}, a {type(value).__name__}; allowed: tensors, such as "
                "those of register_buffer"
            )
        if value.layout != torch.strided or value.is_meta or value.is_quantized:
            kind = str(value.layout).removeprefix("torch.")
            kind = "meta" if value.is_meta else "quantized" if value.is_quantized else kind
            raise UserError(f"its {name} is a {kind} tensor; allowed: dense tensors")


def check_memory(model: nn.Module) -> None:
    """Refuse parameters that move with others: gradients know nothing of that.

    Parts of one memory that do not overlap may be parameters, such as those of a recurrent layer.

    Raises:
        UserError: one shares memory with another one or a buffer, or within itself.
    """
    groups: dict[int, list[tuple[str, Tensor]]] = {}
    for name, tensor in chain(model.named_parameters(), model.named_buffers()):
        if not is_lazy(tensor) and tensor.layout == torch.strided and not tensor.is_meta:
            groups.setdefault(tensor.untyped_storage()._cdata, []).append((name, tensor))
    for group in groups.values():
        _check_places(group)


def _check_places(group: Sequence[tuple[str, Tensor]]) -> None:
    """Tensors of one memory: a parameter's places in it are to be its own.

    Raises:
        UserError: they are not.
    """
    ranges = sorted(map(_range, [tensor for _, tensor in group if tensor.numel()]))
    apart = all(one[1] <= two[0] for one, two in pairwise(ranges))
    if apart and not any(_repeats(tensor) for _, tensor in group):
        return
    taken: list[tuple[str, bool, Tensor]] = []
    for name, tensor in group:
        places, moves = _places(tensor), isinstance(tensor, nn.Parameter)
        if moves and len(places.unique()) < len(places):
            raise UserError(
                f"its {name} has several entries in one place of memory, as after expand; "
                "allowed: a place for each, as .clone() makes it"
            )
        for other, other_moves, others in taken:
            if (moves or other_moves) and bool(torch.isin(places, others).any()):
                raise UserError(
                    f"its {other} and {name} share memory; allowed: memory of its own for each, as "
                    ".clone() makes it"
                )
        taken.append((name, moves, places))


def _range(tensor: Tensor) -> tuple[int, int]:
    """Where a tensor begins and ends in its memory, in bytes."""
    steps = zip(tensor.shape, tensor.stride(), strict=True)
    first, size = int(tensor.storage_offset()), tensor.element_size()
    last = first + sum((count - 1) * step for count, step in steps)
    return first * size, (last + 1) * size


def _repeats(tensor: Tensor) -> bool:
    """Whether an axis of several entries takes no step in memory."""
    return any(
        size > 1 and not step for size, step in zip(tensor.shape, tensor.stride(), strict=True)
    )


def _places(tensor: Tensor) -> Tensor:
    """(n,) the bytes at which a tensor's entries begin in its memory."""
    count = tensor.untyped_storage().nbytes() // tensor.element_size()
    places = torch.arange(count).as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())
    return places.flatten() * tensor.element_size()


def _check_precision(model: nn.Module) -> None:
    first = None
    for name, parameter in model.named_parameters():
        if parameter.dtype not in (torch.float32, torch.float64):
            raise UserError(
                f"its parameter {name} is {_words(parameter)}; allowed: float32 or float64"
                + (", a complex one as two real ones" if parameter.is_complex() else "")
            )
        first = first or (name, parameter)
        if parameter.dtype != first[1].dtype:
            raise UserError(
                f"its parameter {first[0]} is {_words(first[1])} and {name} is "
                f"{_words(parameter)}; allowed: one precision"
            )


@torch.no_grad()
def check_first_pass(model: nn.Module, x: Tensor) -> None:
    """Refuse a network that a pass in eval mode makes another one.

    An initialisation from the first batch does that: every number would rest on which images
    happened to come first. What a pass changes and outputs do not depend on, such as a counter, may
    change.

    Args:
        model: before any pass; its parameters and buffers stay as they were.
        x: (n, ...) two inputs or more.

    Raises:
        UserError: outputs depend on the inputs of the pass before; or a parameter gets another
            memory.
        Exception: whatever the network raises.
    """
    named = dict(chain(model.named_parameters(), model.named_buffers()))
    # held, or the memory might be free and come back as the other one
    places = {name: parameter.detach() for name, parameter in model.named_parameters()}

    def after(first: Tensor) -> tuple[list[str], Tensor]:
        """What a pass changes, and the outputs that then follow."""
        with restored([*named.values()]) as before, untouched(model):
            model(first.clone())
            pairs = zip(named.items(), before, strict=True)
            changed = [name for (name, value), old in pairs if not torch.equal(value, old)]
            return changed, model(x.clone())

    changed, one = after(x)
    for name, parameter in model.named_parameters():
        if name not in places or parameter.data_ptr() != places[name].data_ptr():
            raise UserError(
                f"a pass gives its {name} other memory (.data = ...), so that it cannot be moved "
                "in place; allowed: changes of its values alone, such as .data.copy_(...)"
            )
    if not changed or not isinstance(one, Tensor):
        return
    _, two = after(x[: len(x) // 2])
    if not torch.allclose(one, two, rtol=0, atol=0, equal_nan=True):
        raise UserError(
            f"a pass in eval mode changes its {changed[0]}, and its outputs with it, as an "
            "initialisation from the first batch does; allowed: one that is initialised already"
        )


def check_logits(logits: object, x: Tensor, classes: int, mode: str) -> Tensor:
    """Refuse outputs that are not (n, classes) logits.

    Args:
        logits: the output.
        x: (n, ...) the inputs.
        classes: number of logits.
        mode: of the network, in words.

    Raises:
        UserError: they are something else.
    """
    if not isinstance(logits, Tensor):
        raise UserError(
            f"its output in {mode} is a {type(logits).__name__}; allowed: a tensor of logits"
        )
    if logits.shape != (len(x), classes):
        raise UserError(
            f"its output for inputs {tuple(x.shape)} is {tuple(logits.shape)}; "
            f"allowed: {(len(x), classes)}, one logit per class"
        )
    if not logits.is_floating_point():
        raise UserError(f"its output is {_words(logits)}; allowed: real logits")
    return logits


def check_model(model: nn.Module, classes: int, shape: tuple[int, ...]) -> None:
    """Run two images through a network in eval mode; modes and statistics stay as they were.

    Args:
        model: the network, on the CPU.
        classes: number of logits.
        shape: (channels, height, width) of an input.

    Raises:
        UserError: the logits are not (n, classes) finite numbers.
        Exception: whatever the network raises.
    """
    with untouched(model), torch.no_grad():
        x = example(model, shape)
        logits = check_logits(model(x), x, classes, "eval mode")
    if not logits.isfinite().all():
        raise UserError("its output is not finite at its initial weights; allowed: finite logits")


def _words(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def has_eigenvalues(model: nn.Module, wanted: int) -> None:
    """The Hessian over the trained parameters has so many eigenvalues.

    Raises:
        UserError: it has fewer.
    """
    dim = sum(p.numel() for p in trained(model))
    if wanted > dim:
        raise UserError(
            f"curvature.largest and curvature.smallest: got {wanted} eigenvalues; allowed: at most "
            f"{dim} together, the number of its parameters"
        )
