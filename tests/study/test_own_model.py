"""A model of the user's own in a study: found without importing, watched, and well named."""

import copy
import datetime
import sys

import pytest
import yaml

from advscape.errors import UserError
from advscape.stages.record import Record
from advscape.study import fingerprint
from advscape.study.canonical import read
from advscape.study.load import load_study
from advscape.study.spec import stage_spec
from tests.conftest import ROOT
from tests.sections import built_model

CONFIG = yaml.safe_load((ROOT / "tests/study/study.yaml").read_text())
STAGES = ("train", "evaluate", "curvature", "landscape")
MODULE = '''
from torch import nn

def net(classes, shape, hidden=3):
    """A doc."""
    return nn.Sequential(nn.Flatten(), nn.Linear(shape[1] * shape[2], classes))

class Net: ...

class Own:
    def __init__(self, classes, shape, *, depth=1): ...

def any_of_them(**options): ...

def narrow(classes, /, shape): ...

def wide(classes, shape, hidden): ...
'''


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current folder, with the user's module in it."""
    (tmp_path / "mine.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in ("mine", "nets", "nets.small"):
        sys.modules.pop(name, None)


def raw(model):
    config = copy.deepcopy(CONFIG)
    config["experiments"][1]["model"] = model
    return config


def custom(**changes):
    return raw({"name": "custom", "function": "mine:net", "label": "net", **changes})


def specs(config):
    fingerprint._read.cache_clear()  # one process of Snakemake reads every file once
    experiment = load_study(config).experiments[1]
    return {stage: stage_spec(stage, experiment, "code")(seed=0) for stage in STAGES}


def test_from_the_config_to_a_network():
    section = Record(read(specs(custom(options={"hidden": 2}))["train"])["config"]["model"])
    assert "mine" not in sys.modules
    model = built_model(section, 4, (1, 5, 6), seed=0)
    assert model[1].weight.shape == (4, 30)


@pytest.mark.parametrize("file", ["nets/small.py", "nets/small/__init__.py"])
def test_modules_in_folders(folder, file):
    (folder / file).parent.mkdir(parents=True)
    (folder / file).write_text(MODULE)
    section = Record(read(specs(custom(function="nets.small:net"))["train"])["config"]["model"])
    assert len(built_model(section, 4, (1, 5, 6), seed=0)) == 2


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_files_in_other_encodings_are_read_as_python_reads_them(folder, encoding):
    coding = "" if encoding == "utf-8-sig" else "# -*- coding: latin-1 -*-"
    (folder / "mine.py").write_text(f"{coding}\n# für\n{MODULE}", encoding=encoding)
    section = Record(read(specs(custom())["train"])["config"]["model"])
    assert len(built_model(section, 4, (1, 5, 6), seed=0)) == 2


def test_modules_on_the_python_path(tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "nets.py").write_text(MODULE)
    monkeypatch.syspath_prepend(elsewhere)
    section = Record(read(specs(custom(function="nets:net"))["train"])["config"]["model"])
    assert len(built_model(section, 4, (1, 5, 6), seed=0)) == 2


def test_options_may_have_any_names(folder):
    own = custom(function="mine:any_of_them", options={"made_by": "hand"})
    spec = read(specs(own)["train"])
    assert spec["config"]["model"]["options"] == {"made_by": "hand"}
    assert all(maker.startswith("advscape.") for maker in spec["makers"])


def test_an_edit_of_the_code_changes_every_stage(folder):
    before = specs(custom())
    (folder / "mine.py").write_text(MODULE.replace("A doc", "Another") + "# a comment\n")
    assert specs(custom()) == before
    (folder / "mine.py").write_text(MODULE.replace("nn.Flatten()", "nn.Flatten(), nn.GELU()"))
    assert all(after != before[stage] for stage, after in specs(custom()).items())


def test_an_edit_of_what_it_imports_from_the_library_does_too(folder):
    """Of the user's other files it does not, and the documentation says so."""
    (folder / "other.py").write_text("x = 1\n")
    (folder / "mine.py").write_text(MODULE + "import other\n")
    before = specs(custom())
    (folder / "other.py").write_text("x = 2\n")
    assert specs(custom()) == before
    (folder / "mine.py").write_text(MODULE + "from advscape.threat import ThreatModel\n")
    assert specs(custom()) != before


def test_the_label_changes_no_job_and_the_options_all():
    before = specs(custom())
    assert specs(custom(label="another")) == before
    assert all(
        spec != before[stage] for stage, spec in specs(custom(options={"hidden": 1})).items()
    )


NAMES = [
    ({"name": "resnet18"}, "resnet18"),
    ({"name": "resnet18", "width": 64}, "resnet18"),
    ({"name": "resnet18", "width": 16}, "resnet18-w16"),
    ({"name": "resnet18", "width": 16, "activation": "gelu"}, "resnet18-w16-gelu"),
    ({"name": "preactresnet18", "activation": "silu"}, "preactresnet18-silu"),
    ({"name": "cnn"}, "cnn"),
    ({"name": "cnn", "width": 64}, "cnn-w64"),
    (
        {"name": "cnn", "width": 8, "activation": "gelu", "pooling": "average"},
        "cnn-w8-gelu-avgpool",
    ),
    ({"name": "wideresnet"}, "wideresnet-28-10"),
    (
        {"name": "wideresnet", "depth": 34, "activation": "gelu", "sub_block1": True},
        "wideresnet-34-10-gelu",
    ),
    ({"name": "dm_wideresnet", "depth": 70, "widen_factor": 16}, "dm_wideresnet-70-16"),
    ({"name": "dm_wideresnet", "activation": "relu"}, "dm_wideresnet-28-10-relu"),
    ({"name": "torchvision", "architecture": "vgg11_bn"}, "torchvision-vgg11_bn"),
    ({"name": "custom", "function": "mine:net", "label": "my-net"}, "my-net"),
]


@pytest.mark.parametrize(("model", "name"), NAMES)
def test_what_tables_call_a_model(model, name):
    linear, network, *_ = load_study(raw(model)).experiments
    assert network.model.label == name
    assert linear.model.label == "logistic"


PLAIN = "texts, finite numbers, true, false, null, and lists and mappings of these, with texts as "
BAD = {
    "no module": (
        {"function": "yours:net"},
        "function: got 'yours:net'; allowed: module:function, with yours.py in the working "
        "folder (",
    ),
    "a built-in module": ({"function": "sys:exit"}, "function: got 'sys:exit'; allowed: module:"),
    "no function": (
        {"function": "mine:other"},
        "function: got 'mine:other'; allowed: what mine.py defines: net, Net, Own, any_of_them, "
        "narrow",
    ),
    "an imported name": ({"function": "mine:nn"}, "function: got 'mine:nn'; allowed: what mine.py"),
    "a module without functions": (
        {"function": "empty:net"},
        "function: got 'empty:net'; allowed: what empty.py defines: nothing",
    ),
    "a module that does not parse": (
        {"function": "broken:net"},
        "function: got 'broken:net'; allowed: a module that Python can read; broken.py, line 1: ",
    ),
    "no colon": ({"function": "mine"}, "function: got 'mine'; allowed: module:function, as my_"),
    "no label": ({"label": None}, "label: got nothing; allowed: a string"),
    "an option that the function has not": (
        {"options": {"hidden": 2, "width": 3}},
        "options: got width; allowed: what mine:net takes: hidden",
    ),
    "an option that the class has not": (
        {"function": "mine:Own", "options": {"hidden": 2}},
        "options: got hidden; allowed: what mine:Own takes: depth",
    ),
    "no option for an argument without a default": (
        {"function": "mine:wide"},
        "options: got no hidden; allowed: a value, since mine:wide has no default for it",
    ),
    "a function that cannot be called": (
        {"function": "mine:narrow"},
        "function: got 'mine:narrow', with the arguments shape; allowed: a function that takes "
        "classes and shape",
    ),
    "options that are a list": ({"options": [1]}, "options: got [1]; allowed: a mapping"),
    "a date": (
        {"options": {"a": {"b": [1, datetime.date(2020, 1, 2)]}}},
        "options: got {'a': {'b': [1, datetime.date(2020, 1, 2)]}}; allowed: "
        f"{PLAIN}keys (options.a.b[1] is a date)",
    ),
    "an infinite number": (
        {"options": {"a": float("inf")}},
        f"options: got {{'a': inf}}; allowed: {PLAIN}keys (options.a is inf)",
    ),
    "a number as key": (
        {"options": {"a": {1: 2}}},
        f"options: got {{'a': {{1: 2}}}}; allowed: {PLAIN}keys (options.a has the key 1)",
    ),
    "an option that is given anyway": (
        {"options": {"shape": 3}},
        "options: got {'shape': 3}; allowed: other names than classes and shape (shape is given",
    ),
}


@pytest.mark.parametrize(("changes", "line"), BAD.values(), ids=BAD)
def test_bad_input(folder, changes, line):
    (folder / "empty.py").write_text("x = 1\n")
    (folder / "broken.py").write_text("def net(:\n")
    with pytest.raises(UserError) as caught:
        load_study(custom(**changes))
    message = str(caught.value)
    assert message.startswith(f"config: experiments[1].model.{line}")
    assert "\n" not in message


@pytest.mark.parametrize("function", ["mine:Net", "mine:any_of_them"])
def test_options_that_only_the_call_can_tell(function):
    load_study(custom(function=function, options={"anything": 1}))
