"""Weights that were saved elsewhere, matched with a network by their names and shapes."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from advscape.errors import UserError

_LOG = logging.getLogger("advscape.models")

#: parts of names that wrappers add: DataParallel and AveragedModel, torch.compile
_WRAPPERS = {"module", "_orig_mod"}
#: what a Lightning module, or a script's own class, calls its network
_OWNER = "model."
#: what a network does without: a count that no measurement reads, and AveragedModel's own
_COUNT = "num_batches_tracked"
_AVERAGED = "n_averaged"
#: of weights that are numbers as they are
_PRECISIONS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
#: names of each kind that a message has room for
_FIRST = 3


@dataclass(frozen=True)
class _Fit:
    """One way to read a file's names: what fits a network, and what does not."""

    how: str
    state: dict[str, Tensor]
    missing: list[str]
    unexpected: list[str]
    misshapen: dict[str, str]

    @property
    def faults(self) -> int:
        return len(self.missing) + len(self.unexpected) + len(self.misshapen)


def fitted(
    model: nn.Module, state: Mapping[str, Tensor], prefix: str | None = None
) -> dict[str, Tensor]:
    """A state dict under the network's own names.

    Prefixes that wrappers leave (``module.``, ``_orig_mod.``, ``model.``, wherever they stand) are
    taken off where that makes names and shapes fit; the log says so. Weights of half precision
    become the network's.

    Args:
        model: the network.
        state: names and tensors of a file.
        prefix: what the network's names begin with in the file, with its point; what does not begin
            so is left out. Found by itself unless given.

    Returns:
        What ``model.load_state_dict`` takes.

    Raises:
        UserError: names or shapes do not fit, with the counts and the first of each; or a weight is
            no float, or not finite.
    """
    wanted = model.state_dict()
    readings = [_fit(wanted, state, *reading) for reading in _readings(wanted, prefix)]
    best = min(readings, key=lambda fit: fit.faults)
    if best.faults:
        raise UserError("; ".join(_words(best, wanted, state)))
    if best.how:
        _LOG.info("names of the weights: %s", best.how)
    for name, value in best.state.items():
        if wanted[name].is_floating_point() and not _plain(value):
            given = f"{value.dtype}, {value.layout}".replace("torch.", "")
            raise UserError(f"{name} is {given}; allowed: floats of 16 bits or more, strided")
        if value.is_floating_point() and not value.isfinite().all():
            raise UserError(f"{name} has values that are not finite; allowed: finite weights")
    kinds = {v.dtype for n, v in best.state.items() if v.dtype != wanted[n].dtype}
    if kinds:
        names = ", ".join(sorted(str(kind).removeprefix("torch.") for kind in kinds))
        _LOG.info("weights saved as %s become the network's precision", names)
    return {name: best.state.get(name, wanted[name]) for name in wanted}


def _plain(value: Tensor) -> bool:
    """Whether a tensor's numbers are the weights: not, say, those of a quantised network."""
    return value.dtype in _PRECISIONS and value.layout == torch.strided


def _readings(
    wanted: Mapping[str, Tensor], prefix: str | None
) -> Iterator[tuple[str, Callable[[str], str | None]]]:
    """Ways to read a file's name, in words: they give the network's name, or None to leave out."""
    if prefix is not None:
        yield (
            f"{prefix!r} is taken off, and what does not begin so is left out",
            lambda name: _unwrapped(name[len(prefix) :]) if name.startswith(prefix) else None,
        )
        return
    yield "", lambda name: name
    yield "'module.' and '_orig_mod.' are taken off", _unwrapped
    if not any(name.startswith(_OWNER) for name in wanted):
        yield (
            "'model.' is taken off, and 'module.' and '_orig_mod.' where they stand",
            lambda name: _unwrapped(name).removeprefix(_OWNER),
        )


def _unwrapped(name: str) -> str:
    return ".".join(part for part in name.split(".") if part not in _WRAPPERS)


def _fit(
    wanted: Mapping[str, Tensor],
    state: Mapping[str, Tensor],
    how: str,
    read: Callable[[str], str | None],
) -> _Fit:
    # a network of the user's own may have such names itself
    plain = wanted if not how else {_unwrapped(name): value for name, value in wanted.items()}
    own = dict(zip(plain, wanted, strict=True)) if len(plain) == len(wanted) else {}
    found: dict[str, Tensor] = {}
    unexpected: list[str] = []
    misshapen: dict[str, str] = {}
    for name, value in state.items():
        place = read(name)
        if place is None or place == _AVERAGED:
            continue
        if place not in own or own[place] in found:
            unexpected.append(name)
        elif value.shape != plain[place].shape:
            given, needed = tuple(value.shape), tuple(plain[place].shape)
            misshapen[own[place]] = f"{own[place]}: {given} for {needed}"
        else:
            found[own[place]] = value
    missing = [
        name
        for name in wanted
        if name not in found and name not in misshapen and not name.endswith(_COUNT)
    ]
    return _Fit(how, found, missing, unexpected, misshapen)


def _words(fit: _Fit, wanted: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> Iterator[str]:
    if fit.missing:
        count = f"{len(fit.missing)} of the network's {len(wanted)}"
        yield f"{count} are missing ({_some(fit.missing)})"
    if fit.unexpected:
        yield f"{len(fit.unexpected)} of its {len(state)} are unexpected ({_some(fit.unexpected)})"
    if fit.misshapen:
        yield f"{len(fit.misshapen)} have another shape ({_some(list(fit.misshapen.values()))})"


def _some(names: list[str]) -> str:
    more = ", ..." if len(names) > _FIRST else ""
    return ", ".join(names[:_FIRST]) + more
