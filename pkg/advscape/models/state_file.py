"""The weights in a file that somebody else wrote: safetensors, or what ``torch.save`` wrote.

Nothing is ever unpickled: ``torch.load`` runs with ``weights_only=True``.
"""

import logging
import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from advscape.errors import UserError, in_words
from advscape.models.state import read_tensors

_LOG = logging.getLogger("advscape.models")

#: where training scripts keep a state dict among other things
KEYS = ("state_dict", "model_state_dict", "model", "net")
SUFFIXES = (".safetensors", ".pt", ".pth", ".ckpt")


def read_state(path: str | Path, key: str | None = None) -> dict[str, Tensor]:
    """The state dict in a file, on the CPU; large files stay on disk until they are used.

    Args:
        path: a file of one of ``SUFFIXES``.
        key: under which the state dict lies; one of ``KEYS``, or the file itself, unless given.
            Keys within keys are written ``a.b``. In a safetensors file, which has names alone, what
            begins with ``key.``.

    Raises:
        UserError: the file is of another kind or damaged, would have to be unpickled, or holds no
            state dict there.
    """
    path = Path(path)
    if path.suffix == ".safetensors":
        tensors = read_tensors(path)
        return tensors if key is None else _beginning(tensors, key, path)
    if path.suffix not in SUFFIXES:
        raise UserError(f"{path}: got a file {path.suffix or 'without a suffix'}; allowed: "
                        + ", ".join(SUFFIXES))  # fmt: skip
    return _state(_load(path), key, path)


def _load(path: Path) -> Any:
    try:
        # of older files, which are no archives, the whole is read
        archive = zipfile.is_zipfile(path)
        return torch.load(path, map_location="cpu", weights_only=True, mmap=archive)
    except pickle.UnpicklingError as error:
        raise UserError(_refusal(path, str(error))) from error
    except Exception as error:  # whatever zip, pickle and torch say of a damaged file
        # torch says more, of what may have happened to a file
        why = in_words(error).split(". ")[0]
        raise UserError(f"{path} cannot be read, as if damaged: {why}") from error


def _refusal(path: Path, message: str) -> str:
    """A line on a file that torch does not read without running code from it."""
    found = re.search(r"(?:global: GLOBAL|class) (\S+)", message)
    if not found and not _is_pickle(path):
        return f"{path} cannot be read, as if damaged, or not written by torch.save"
    what = f" ({found[1].rstrip('.,')})" if found else ""
    return (
        f"{path} holds more than tensors{what}: reading it would run code from it, which is never "
        "done. Convert it where it was made: torch.save(model.state_dict(), 'weights.pt')"
    )


def _is_pickle(path: Path) -> bool:
    with open(path, "rb") as stream:
        return stream.read(1) in (b"\x80", b"P")  # a pickle's first byte, or an archive's


def _is_state(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(name, str) for name in value)
        and all(isinstance(inner, Tensor) for inner in value.values())
    )


def _state(loaded: object, key: str | None, path: Path) -> dict[str, Tensor]:
    if key is None and _is_state(loaded):
        assert isinstance(loaded, Mapping)
        return dict(loaded)
    inside = dict(_inside(loaded))
    if key is None:
        found = [name for name in KEYS if name in inside] or list(inside)[: len(inside) == 1]
        if not found:
            raise UserError(f"{path} holds no state dict{_elsewhere(inside)}")
        key = found[0]
        _LOG.info("%s: the state dict under %r is taken%s", path, key, _others(inside, key))
    if key not in inside:
        raise UserError(f"{path}: got the key {key!r}{_elsewhere(inside)}")
    return inside[key]


def _inside(loaded: object, at: str = "") -> list[tuple[str, dict[str, Tensor]]]:
    """The state dicts in what a file holds, each with the keys that lead to it."""
    found = []
    for name, value in loaded.items() if isinstance(loaded, Mapping) else ():
        place = f"{at}{name}"
        if _is_state(value):
            found.append((place, dict(value)))
        elif at.count(".") < 2 and "optim" not in str(name):  # an optimizer's state is no network's
            found += _inside(value, f"{place}.")
    return found


def _elsewhere(inside: Mapping[str, object]) -> str:
    if not inside:
        return "; allowed: names and tensors, or a mapping of them under a key"
    return f"; allowed: key: {', '.join(inside)}"


def _others(inside: Mapping[str, object], key: str) -> str:
    others = [name for name in inside if name != key]
    return f"; there is also {', '.join(others)}, which `key` could name" if others else ""


def _beginning(tensors: dict[str, Tensor], key: str, path: Path) -> dict[str, Tensor]:
    chosen = {
        name.removeprefix(f"{key}."): value
        for name, value in tensors.items()
        if name.startswith(f"{key}.")
    }
    if not chosen:
        first = dict.fromkeys(name.split(".")[0] for name in tensors)
        raise UserError(
            f"{path}: got the key {key!r}; allowed: what its names begin with: "
            f"{', '.join(list(first)[:8])}"
        )
    return chosen
