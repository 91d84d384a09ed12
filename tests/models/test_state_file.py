"""Weights in files that other programs wrote; the referee is torch's own load_state_dict."""

import argparse

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel

from advscape.errors import UserError
from advscape.models.fit import fitted
from advscape.models.state_file import read_state


def network(classes=3):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, classes)
    )


@pytest.fixture
def state():
    torch.manual_seed(1)
    model = network()
    model(torch.rand(8, 1, 8, 8))  # moves the running statistics
    return model.state_dict()


def under(prefix, state):
    return {prefix + name: value for name, value in state.items()}


def averaged(state):
    model = network()
    model.load_state_dict(state)
    return AveragedModel(model).state_dict()


def optimizer():
    model = network()
    made = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    model(torch.rand(2, 1, 8, 8)).sum().backward()
    made.step()
    return made.state_dict()


def parallel_inside(state):
    model = network()
    model.load_state_dict(state)
    model[0] = nn.DataParallel(model[0])
    return model.state_dict()


#: what training scripts save, and how it is asked for
FORMS = {
    "bare": (lambda s: s, {}),
    **{
        f"under {key}": (lambda s, key=key: {key: s, "epoch": 3, "optimizer": optimizer()}, {})
        for key in ("state_dict", "model_state_dict", "model", "net")
    },
    "under the one key there is": (lambda s: {"weights": s}, {}),
    "a key that is named": (lambda s: {"model": under("x.", s), "ema": s}, {"key": "ema"}),
    "a key within a key": (lambda s: {"ema": {"shadow": s, "decay": 0.9}}, {"key": "ema.shadow"}),
    "DataParallel": (lambda s: under("module.", s), {}),
    "DataParallel inside": (parallel_inside, {}),
    "torch.compile": (lambda s: under("_orig_mod.", s), {}),
    "compiled and parallel": (lambda s: under("module._orig_mod.", s), {}),
    "Lightning": (lambda s: {"state_dict": under("model.", s), "global_step": 7}, {}),
    "a prefix that is named": (
        lambda s: under("student.", s) | under("teacher.", s) | {"mean": torch.ones(3)},
        {"prefix": "student."},
    ),
    "averaged weights": (averaged, {}),
    "half precision": (
        lambda s: {n: v.bfloat16() if v.is_floating_point() else v for n, v in s.items()}, {},
    ),
}  # fmt: skip


def taken(path, key=None, prefix=None, classes=3):
    model = network(classes)
    model.load_state_dict(fitted(model, read_state(path, key), prefix))
    return model.state_dict()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt"])
def test_every_form_gives_the_same_weights(tmp_path, state, form, suffix):
    write, asked = FORMS[form]
    torch.save(write(state), tmp_path / f"x{suffix}")
    found = taken(tmp_path / f"x{suffix}", **asked)
    assert found.keys() == state.keys()
    for name, value in found.items():
        wanted = state[name]
        if form == "half precision" and value.is_floating_point():
            wanted = wanted.bfloat16().float()
        assert value.dtype == wanted.dtype
        assert torch.equal(value, wanted), name


def test_files_of_older_versions_of_torch(tmp_path, state):
    torch.save(state, tmp_path / "x.pt", _use_new_zipfile_serialization=False)
    assert torch.equal(taken(tmp_path / "x.pt")["0.weight"], state["0.weight"])
    # before 0.4.1 batch norm did not count
    old = {name: value for name, value in state.items() if "num_batches" not in name}
    torch.save(old, tmp_path / "y.pt")
    assert torch.equal(taken(tmp_path / "y.pt")["1.running_var"], state["1.running_var"])


def test_safetensors(tmp_path, state):
    save_file(
        under("ema.", state) | under("raw.", network().state_dict()), tmp_path / "x.safetensors"
    )
    assert torch.equal(taken(tmp_path / "x.safetensors", "ema")["3.bias"], state["3.bias"])
    with pytest.raises(UserError, match=r"got the key 'em'; allowed: .*: ema, raw"):
        taken(tmp_path / "x.safetensors", "em")


def test_a_network_that_has_such_names_itself(tmp_path):
    """As HuggingFace's do, whose networks lie in `model`."""
    own = nn.Sequential()
    own.model = nn.Sequential()
    own.model.module = nn.Linear(2, 3)
    torch.save(under("module.", own.state_dict()), tmp_path / "x.pt")
    state = fitted(own, read_state(tmp_path / "x.pt"))
    assert state.keys() == own.state_dict().keys()
    assert torch.equal(state["model.module.weight"], own.model.module.weight)


class Runs:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_nothing_is_unpickled(tmp_path, state):
    for name, content in {
        "module": network(),
        "namespace": {"net": state, "args": argparse.Namespace(lr=1)},
        "numpy": {"net": state, "acc": np.float64(0.5)},
        "code": {"net": state, "x": Runs(str(tmp_path / "ran"))},
    }.items():
        for new in (True, False):
            torch.save(content, tmp_path / f"{name}.pt", _use_new_zipfile_serialization=new)
            with pytest.raises(UserError, match=r"which is never done\. Convert it") as error:
                read_state(tmp_path / f"{name}.pt")
            assert "\n" not in str(error.value)
    assert not (tmp_path / "ran").exists()


BAD = {
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-700]), "cannot be read"),
    "empty": (lambda path: path.write_bytes(b""), "cannot be read"),
    "text": (lambda path: path.write_text("<html>"), "cannot be read"),
    "absent": (lambda path: path.unlink(), "cannot be read"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "cannot be read"),
    "no state dict": (lambda path: torch.save({"a": 1}, path), "no state dict; allowed: names"),
    "none of that name": (
        lambda path: torch.save({"a": {"w": torch.ones(1)}, "b": {"w": torch.ones(1)}}, path),
        "holds no state dict; allowed: key: a, b",
    ),
    "not finite": (
        lambda path: torch.save(
            {n: v * float("nan") if v.is_floating_point() else v
             for n, v in network().state_dict().items()}, path
        ),
        "0.weight has values that are not finite",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_read_is_one_line(tmp_path, state, what):
    path = tmp_path / "x.pt"
    torch.save(state, path)
    damage, words = BAD[what]
    damage(path)
    with pytest.raises(UserError, match=words) as error:
        taken(path)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 250


def test_other_suffixes_are_refused(tmp_path):
    with pytest.raises(
        UserError, match=r"got a file .pkl; allowed: .safetensors, .pt, .pth, .ckpt"
    ):
        read_state(tmp_path / "x.pkl")


@pytest.mark.parametrize(
    ("change", "given"),
    [
        (lambda value: value.to(torch.int8), "int8, strided"),
        (lambda value: value.to(torch.complex64), "complex64, strided"),
        (lambda value: value.to(torch.float8_e4m3fn), "float8_e4m3fn, strided"),
        (lambda value: value.to_sparse(), "float32, sparse_coo"),
    ],
)
def test_numbers_that_are_not_the_weights_are_refused(state, change, given):
    """Those of a quantised network became weights of -1, 0 and 1."""
    changed = {n: change(v) if v.is_floating_point() else v for n, v in state.items()}
    with pytest.raises(UserError) as error:
        fitted(network(), changed)
    assert str(error.value) == f"0.weight is {given}; allowed: floats of 16 bits or more, strided"


def test_what_does_not_fit_is_counted_and_named(tmp_path, state):
    with pytest.raises(UserError) as error:
        fitted(network(10), state)
    assert str(error.value) == (
        "2 have another shape (3.weight: (3, 144) for (10, 144), 3.bias: (3,) for (10,))"
    )
    deeper = nn.Sequential(*network(), nn.Linear(3, 3), nn.Linear(3, 3))
    with pytest.raises(UserError) as error:
        fitted(deeper, under("module.", state))
    words = "4 of the network's 13 are missing (4.weight, 4.bias, 5.weight, ...)"
    assert str(error.value) == words
    with pytest.raises(UserError) as error:
        fitted(network(), state | {"mean": torch.ones(3)})
    assert str(error.value) == "1 of its 10 are unexpected (mean)"
