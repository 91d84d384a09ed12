"""Every kind of bad input ends in one line that names the key, the value and what is allowed."""

import copy
import datetime
from pathlib import Path

import numpy as np
import pytest
import yaml

from advscape.errors import UserError
from advscape.study import checks
from advscape.study.load import load_study
from advscape.study.plan import Plan
from tests.conftest import ROOT
from tests.refusals import refusal
from tests.study.conftest import write_example_weights

CONFIG = yaml.safe_load((ROOT / "tests/study/study.yaml").read_text())


AUTOATTACK = [{"name": "pgd", "steps": 3}, {"name": "autoattack", "samples": 5}]


def changed(**changes):
    """The default config with dotted keys of its experiments changed."""
    raw = copy.deepcopy(CONFIG)
    for path, value in changes.items():
        *where, key = path.split("__")
        section = raw
        for part in where:
            section = section[int(part) if part.isdigit() else part]
        section[key] = value
    return raw


BAD = {
    "unknown key": (
        changed(experiments__0__grid__sede=[1]),
        "experiments[0].grid.sede: got an unknown key (did you mean seeds?); "
        "allowed: epsilons, seeds, noise",
    ),
    "unknown section": (changed(seeds=[1]), "seeds: got an unknown key"),
    "wrong type": (
        changed(experiments__0__training__weight_decay="1e-4"),
        "experiments[0].training.weight_decay: got '1e-4'; allowed: a number (YAML reads 1e-3 as "
        "a string: write 1.0e-3, without quotes)",
    ),
    "negative epsilon": (
        changed(experiments__0__grid__epsilons=[0, -0.5]),
        "experiments[0].grid.epsilons[1]: got -0.5; allowed: a number >= 0",
    ),
    "infinite epsilon": (
        changed(experiments__0__grid__epsilons=[0, float("inf")]),
        "experiments[0].grid.epsilons[1]: got inf; allowed: a finite number",
    ),
    "an epsilon in grey levels": (
        changed(experiments__1__grid__epsilons=[0, 8], experiments__1__threat__norm="linf"),
        "experiments[1].grid.epsilons[1]: got 8.0; allowed: at most 1 with norm linf, since pixels "
        "lie in [0, 1] (8/255?)",
    ),
    "a common epsilon in grey levels": (
        changed(experiments__1__evaluation__common_epsilon=16, experiments__1__threat__norm="linf"),
        "experiments[1].evaluation.common_epsilon: got 16.0; allowed: at most 1 with norm linf",
    ),
    "a learning rate of a problem that is solved": (
        changed(experiments__0__training__learning_rate=0.1),
        "experiments[0].training.learning_rate: got 0.1; allowed: nothing, unless gradient_steps",
    ),
    "judges that no column tells apart": (
        changed(
            experiments__1__evaluation__attacks=[
                {"steps": 3},
                {"steps": 4},
                {"steps": 3, "relative_step": 1.0},
            ]
        ),
        "experiments[1].evaluation.attacks[2]: got what robustness.csv cannot tell from "
        "attacks[0]; allowed: another name, other steps or other restarts",
    ),
    "a claim twice": (
        changed(experiments__0__claims=CONFIG["experiments"][0]["claims"][:1] * 2),
        "experiments[0].claims[1]: got the claim 'C1' of claims[0] again; allowed: each claim once",
    ),
    "a key where there are none": (
        changed(experiments__0__curvature={"samples": 9}),
        "experiments[0].curvature.samples: got an unknown key; allowed: no keys",
    ),
    "an empty title": (
        changed(experiments__0__title=""),
        "experiments[0].title: got ''; allowed: a text that is not empty",
    ),
    "a number as key": (
        changed(experiments__0__threat={"norm": "l2", 5: 1}),
        "experiments[0].threat[5]: got 5; allowed: keys that are texts",
    ),
    "repeated epsilon": (
        changed(experiments__1__grid__epsilons=[0.5, 0.5]),
        "experiments[1].grid.epsilons: got [0.5, 0.5]; allowed: values without repeats "
        "(0.5 is repeated)",
    ),
    "epsilon true": (
        changed(experiments__0__grid__epsilons=[0, True]),
        "experiments[0].grid.epsilons[1]: got True; allowed: a number",
    ),
    "unknown dataset": (
        changed(experiments__1__dataset__name="imagenet"),
        "experiments[1].dataset.name: got 'imagenet'; allowed: 'digits', 'mnist', 'cifar10'",
    ),
    "unknown model": (
        changed(experiments__1__model__name="vgg"),
        "experiments[1].model.name: got 'vgg'; allowed: logistic, resnet18, preactresnet18",
    ),
    "unknown attack": (
        changed(experiments__1__training__attack={"name": "cw", "steps": 3}),
        "experiments[1].training.attack.name: got 'cw'; allowed: pgd, fgsm, random, opposed",
    ),
    "attack without steps": (
        changed(experiments__1__training__attack={}),
        "experiments[1].training.attack.steps: got nothing; allowed: a value",
    ),
    "unknown key of a judge": (
        changed(experiments__1__evaluation__attacks=[{"name": "fgsm", "steps": 3}]),
        "experiments[1].evaluation.attacks[0].steps: got an unknown key; allowed: name",
    ),
    "AutoAttack without the box": (
        changed(experiments__1__evaluation__attacks=AUTOATTACK),
        "experiments[1].threat.box: got false; allowed: true: autoattack keeps inputs in [0, 1], "
        "so threat.box must be true",
    ),
    "AutoAttack first": (
        changed(experiments__1__evaluation__attacks=AUTOATTACK[1:]),
        "experiments[1].evaluation.attacks[0].name: got 'autoattack'; allowed: another attack",
    ),
    "objective without a name": (
        changed(experiments__1__training__objective={"beta": 3.0}),
        "experiments[1].training.objective.name: got nothing; allowed: at, trades, mart, ",
    ),
    "objective that is no mapping": (
        changed(experiments__1__training__objective="trades"),
        "experiments[1].training.objective: got 'trades'; allowed: a mapping with the key name",
    ),
    "milestones that fall": (
        changed(experiments__1__training__schedule={"name": "piecewise", "milestones": [0.7, 0.5]}),
        "experiments[1].training.schedule.milestones: got [0.7, 0.5]; allowed: numbers between",
    ),
    "seed not an integer": (
        changed(experiments__0__grid__seeds=[0, 1.5]),
        "experiments[0].grid.seeds[1]: got 1.5; allowed: an integer",
    ),
    "seed 1.0": (
        changed(experiments__0__grid__seeds=[1.0]),
        "experiments[0].grid.seeds[0]: got 1.0; allowed: an integer",
    ),
    "no seeds": (
        changed(experiments__0__grid__seeds=[]),
        "experiments[0].grid.seeds: got []; allowed: at least 1 entries",
    ),
    "section missing": (
        {k: v for k, v in CONFIG.items() if k != "study"},
        "study: got nothing; allowed: a value; this key is required",
    ),
    "section of the wrong kind": (
        changed(experiments__0__grid=3),
        "experiments[0].grid: got 3; allowed: a mapping with the keys epsilons, seeds, noise",
    ),
    "name used twice": (
        changed(experiments__1__name="logistic-digits"),
        "experiments[1].name: got 'logistic-digits'; allowed: a name of its own, whatever its case",
    ),
    "name used twice but for case": (
        changed(experiments__1__name="Logistic-Digits"),
        "experiments[1].name: got 'Logistic-Digits'; allowed: a name of its own, whatever its case",
    ),
    "three classes for a logistic model": (
        changed(experiments__0__dataset__classes=[0, 1, 2]),
        "experiments[0].dataset.classes: got [0, 1, 2]; allowed: two labels",
    ),
    "class out of range": (
        changed(experiments__0__dataset__classes=[0, 10]),
        "experiments[0].dataset.classes[1]: got 10; allowed: 0 to 9",
    ),
    "box for a logistic model": (
        changed(experiments__0__threat__box=True),
        "experiments[0].threat.box: got true; allowed: false",
    ),
    "opposed linf noise": (
        changed(experiments__0__threat__norm="linf"),
        "experiments[0].grid.noise: got ['aligned', 'random', 'opposed']; allowed: aligned, random",
    ),
    "no penalty and no stopping time": (
        changed(experiments__0__training__weight_decay=0),
        "experiments[0].training.weight_decay: got 0.0; allowed: a number above 0, unless "
        "gradient_steps is given",
    ),
    "a depth between two": (
        changed(experiments__1__model={"name": "wideresnet", "depth": 26}),
        "experiments[1].model.depth: got 26; allowed: 6 n + 4, as 10, 16, 22, 28, 34",
    ),
    "a depth without blocks": (
        changed(experiments__1__model={"name": "dm_wideresnet", "depth": 4}),
        "experiments[1].model.depth: got 4; allowed: 6 n + 4, as",
    ),
    "an architecture that torchvision has not": (
        changed(experiments__1__model={"name": "torchvision", "architecture": "resnet19"}),
        "experiments[1].model.architecture: got 'resnet19'; allowed: one of ",
    ),
    "one that is not for classification": (
        changed(experiments__1__model={"name": "torchvision", "architecture": "fcn_resnet50"}),
        "experiments[1].model.architecture: got 'fcn_resnet50'; allowed: one of ",
    ),
    "pretrained weights": (
        changed(
            experiments__1__model={
                "name": "torchvision",
                "architecture": "resnet18",
                "options": {"weights": "DEFAULT"},
            }
        ),
        "experiments[1].model.options: got {'weights': 'DEFAULT'}; allowed: other names than name, "
        "weights and num_classes (weights is given anyway)",
    ),
    "weights of timm": (
        changed(experiments__1__model={"name": "timm", "architecture": "resnet18.a1_in1k"}),
        "experiments[1].model.architecture: got 'resnet18.a1_in1k'; allowed: at most 100 of the ",
    ),
    "a seed that no table can have": (
        changed(experiments__1__grid__seeds=[2**63]),
        "experiments[1].grid.seeds[0]: got 9223372036854775808; allowed: an integer below 2**63",
    ),
    "a name that no file can have": (
        changed(experiments__1__name="pgd-" * 70),
        "experiments[1].name: got 'pgd-pgd-",
    ),
    "a name that is a loop to Snakemake": (
        changed(experiments__1__name="a-" * 20),
        f"experiments[1].name: got '{'a-' * 20}'; allowed: a name that does not end in 20 times",
    ),
    "digits without a split": (
        changed(experiments__0__dataset__test_fraction=None),
        "experiments[0].dataset.test_fraction: got nothing; allowed: a number between 0 and 1",
    ),
    "path of a named dataset": (
        changed(experiments__0__dataset__path="a.npz"),
        "experiments[0].dataset.path: got 'a.npz'; allowed: no path, except for npz",
    ),
    "even number of points": (
        changed(experiments__0__landscape__points=4),
        "experiments[0].landscape.points: got 4; allowed: an odd integer",
    ),
    "unknown measure of sharpness": (
        changed(experiments__1__sharpness={"measures": ["average", "sharpest"]}),
        "experiments[1].sharpness.measures[1]: got 'sharpest'; allowed: 'average', 'worst', ",
    ),
    "a measure twice": (
        changed(experiments__1__sharpness={"measures": ["worst", "worst"]}),
        "experiments[1].sharpness.measures: got ['worst', 'worst']; allowed: values without",
    ),
    "radius of 0": (
        changed(experiments__1__sharpness={"robust_worst": {"radii": [0]}}),
        "experiments[1].sharpness.robust_worst.radii[0]: got 0; allowed: a number > 0",
    ),
    "no radius": (
        changed(experiments__1__sharpness={"worst": {"l2": {"plain": [], "adaptive": [0.1]}}}),
        "experiments[1].sharpness.worst.l2.plain: got []; allowed: at least 1 entries",
    ),
    "a single draw": (
        changed(experiments__1__sharpness={"average": {"draws": 1}}),
        "experiments[1].sharpness.average.draws: got 1; allowed: a number >= 2",
    ),
    "sharpness of a linear model": (
        changed(experiments__0__sharpness={}),
        "experiments[0].sharpness: got an unknown key; allowed: name, title",
    ),
    "claim about nothing known": (
        changed(experiments__0__claims__0__quantity="sharpness"),
        "experiments[0].claims[0].quantity: got 'sharpness'; allowed: lambda_max, trace and",
    ),
    "claim without a Hessian": (
        changed(experiments__0__claims__0__select={"noise": "random"}),
        "experiments[0].claims[0].select.hessian: got nothing; allowed: frozen, response, total",
    ),
    "claim about what a loss has not": (
        changed(experiments__1__claims__0__select={"hessian": "frozen", "loss": "clean"}),
        "experiments[1].claims[0].select.hessian: got 'frozen'; allowed: total, for the clean "
        "loss of this model",
    ),
    "claim about an arm that does not run": (
        changed(experiments__1__claims__0__select={"hessian": "frozen", "noise": "random"}),
        "experiments[1].claims[0].select.noise: got 'random'; allowed: aligned",
    ),
    "rise without an attack": (
        changed(experiments__1__claims__3__select={}),
        "experiments[1].claims[3].select.attack: got nothing; allowed: none, frozen, regenerated",
    ),
    "a finite scale that is none": (
        changed(experiments__1__curvature__finite_scale={"radii": [0.01, 0]}),
        "experiments[1].curvature.finite_scale.radii[1]: got 0; allowed: a number > 0",
    ),
    "more eigenvalues than products": (
        changed(experiments__1__curvature__largest=100),
        "experiments[1].curvature.max_products: got 60; allowed: 101 or more, for 100 largest and "
        "1 smallest eigenvalues",
    ),
    "a claim about a scale that is not measured": (
        changed(
            experiments__1__claims__0__quantity="finite_scale",
            experiments__1__claims__0__select={"attack": "regenerated", "scale": 0.5},
        ),
        "experiments[1].claims[0].select.scale: got 0.5; allowed: 0.001, 0.01",
    ),
    "a finite scale without an attack": (
        changed(
            experiments__1__claims__0__quantity="finite_scale",
            experiments__1__claims__0__select={"scale": 0.01},
        ),
        "experiments[1].claims[0].select.attack: got nothing; allowed: frozen, regenerated",
    ),
    "a finite scale of a linear model": (
        changed(
            experiments__0__claims__0__quantity="finite_scale",
            experiments__0__claims__0__select={"attack": "frozen", "scale": 0.01},
        ),
        "experiments[0].claims[0].quantity: got 'finite_scale'; allowed: a number of runs",
    ),
    "data root without the data": (
        changed(data_root="/nowhere", experiments__1__dataset__name="cifar10"),
        "data_root: got '/nowhere'; allowed: a folder that holds "
        "cifar-10-batches-py/data_batch_1, for experiments[1].dataset (cifar10)",
    ),
    "npz that is not there": (
        changed(experiments__1__dataset={"name": "npz", "path": "mine.npz"}),
        f"data_root (nothing set): got '{Path.cwd() / 'data'}'; allowed: a folder that holds mine",
    ),
    "an attack that does not exist": (
        changed(experiments__1__evaluation__attacks=[{"steps": 2}, {"name": "pdg", "steps": 2}]),
        "experiments[1].evaluation.attacks[1].name: got 'pdg'; allowed: pgd, fgsm, random, "
        "opposed, autoattack",
    ),
    "an attack without a kind": (
        changed(experiments__1__evaluation__attacks=["pgd"]),
        "experiments[1].evaluation.attacks[0]: got 'pgd'; allowed: a mapping with the keys",
    ),
    "a number of 400 digits": (
        changed(experiments__0__grid__epsilons=[10**400]),
        "experiments[0].grid.epsilons[0]: got 1000",
    ),
    "a number of 5,000 digits": (
        changed(experiments__0__grid__seeds=[-(10**5000)]),
        "experiments[0].grid.seeds[0]: got ",
    ),
    "a fraction of nothing": (
        changed(experiments__0__grid__epsilons=["8/0"]),
        "experiments[0].grid.epsilons[0]: got '8/0'; allowed: a number",
    ),
    "a fraction and its float": (
        changed(experiments__0__grid__epsilons=["1/2", 0.5]),
        "experiments[0].grid.epsilons: got ['1/2', 0.5]; allowed: values without repeats",
    ),
    "more eigenvectors than products": (
        changed(
            experiments__1__curvature__eigenvectors=80, experiments__1__curvature__max_products=60
        ),
        "experiments[1].curvature.eigenvectors: got 80; allowed: at most 60, which is max_products",
    ),
    "a date": (
        changed(experiments__0__name=datetime.date(2024, 1, 1)),
        "experiments[0].name: got ",
    ),
    "experiments that are a mapping": (changed(experiments={}), "experiments: got {}; allowed: "),
    "an experiment that is nothing": (changed(experiments=[None]), "experiments[0]: got nothing"),
}


@pytest.mark.parametrize(("raw", "line"), BAD.values(), ids=BAD)
def test_bad_input(raw, line):
    with pytest.raises(UserError) as caught:
        load_study(raw)
    message = str(caught.value)
    assert message.startswith(f"config: {line}")
    assert "\n" not in message


@pytest.mark.parametrize("installed", [True, False])
def test_autoattack_needs_its_package(installed, monkeypatch):
    monkeypatch.setattr(checks, "find_spec", lambda name: object() if installed else None)
    raw = changed(experiments__1__evaluation__attacks=AUTOATTACK, experiments__1__threat__box=True)
    if installed:
        assert load_study(raw).experiments[1].evaluation.attacks[1].samples == 5
        return
    with pytest.raises(UserError, match=r"attacks\[1\]\.name: got 'autoattack'.*`make autoattack`"):
        load_study(raw)


@pytest.mark.parametrize("installed", [True, False])
def test_timm_needs_its_package(installed, monkeypatch):
    monkeypatch.setattr(checks, "find_spec", lambda name: object() if installed else None)
    raw = changed(experiments__1__model={"name": "timm", "architecture": "resnet18"})
    if installed:
        assert load_study(raw).experiments[1].model.label == "timm-resnet18"
        return
    with pytest.raises(UserError, match=r"\[1\]\.model\.name: got 'timm', .* `pip install timm`"):
        load_study(raw)


@pytest.mark.parametrize(
    ("shape", "norm", "line"),
    [
        ((9, 4, 4), "l2", "'autoattack' for images of 4 x 4 pixels with norm l2; allowed: 5 rows"),
        ((9, 4, 4), "linf", None),
        ((9, 8, 8, 3), "l2", None),
        ((9, 3, 12, 12), "l2", "images of 12 x 12 pixels"),
        ((9, 16), "l2", "images of 1 x 16 pixels"),
    ],
)
def test_autoattack_is_told_the_size_before_anything_runs(shape, norm, line, monkeypatch, tmp_path):
    monkeypatch.setattr(checks, "find_spec", lambda name: object())
    monkeypatch.setenv("ADVSCAPE_DATA", str(tmp_path))
    np.savez(tmp_path / "mine.npz", train_images=np.zeros(shape), train_labels=np.arange(9) % 3)
    raw = changed(
        experiments__1__evaluation__attacks=AUTOATTACK,
        experiments__1__threat={"norm": norm, "box": True},
        experiments__1__dataset={"name": "npz", "path": "mine.npz", "test_fraction": 0.25},
    )
    raw["experiments"] = raw["experiments"][1:2]
    given = refusal(lambda: load_study(raw))
    assert given is None if line is None else line in given


def test_data_root_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("ADVSCAPE_DATA", str(tmp_path))
    raw = changed(experiments__0__dataset__name="mnist")
    with pytest.raises(UserError, match=r"data_root \(from ADVSCAPE_DATA\): got .*MNIST/raw"):
        load_study(raw)


def test_missing_torchvision_data_may_be_downloaded_when_no_root_is_set():
    load_study(changed(experiments__0__dataset__name="mnist"))


def test_npz_without_test_set(tmp_path):
    np.savez(tmp_path / "mine.npz", train_images=np.zeros((4, 2)), train_labels=np.arange(4) % 2)
    raw = changed(experiments__1__dataset={"name": "npz", "path": "mine.npz"})
    with pytest.raises(UserError, match=r"test_fraction: got nothing; .* holds no test_images"):
        load_study(raw | {"data_root": str(tmp_path)})


STUDIES = [ROOT / "config.yaml", *sorted((ROOT / "studies").glob("*.yaml"))]


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: file.stem)
def test_studies_are_valid_and_survive_their_own_yaml(file, tmp_path, monkeypatch):
    if file.stem == "checkpoints":
        monkeypatch.chdir(tmp_path)
        write_example_weights()
    if file.stem in ("cifar10", "cifar10_long"):  # their images have to be there
        monkeypatch.setenv("ADVSCAPE_DATA", str(tmp_path))
        arrays = {"images": np.zeros((4, 32, 32, 3)), "labels": np.arange(4)}
        (tmp_path / "cifar10_jpeg").mkdir()
        np.savez(
            tmp_path / "cifar10_jpeg/cifar10_lossless_subset.npz",
            **{f"{split}_{name}": a for split in ("train", "test") for name, a in arrays.items()},
        )
    study = load_study(yaml.safe_load(file.read_text()))
    assert load_study(yaml.safe_load(yaml.safe_dump(study.model_dump(mode="json")))) == study


def test_every_study_has_a_name_of_its_own():
    names = [yaml.safe_load(file.read_text())["study"] for file in STUDIES]
    assert len(set(names)) == len(STUDIES)


def test_radii_are_read_as_the_fractions_that_they_are():
    study = load_study(
        changed(experiments__0__grid__epsilons=[-0.0, "8/255", " 4 / 255", "0.5/255"],
                experiments__0__evaluation__common_epsilon="8/255")
    )  # fmt: skip
    experiment = study.experiments[0]
    assert experiment.grid.epsilons == [0, 8 / 255, 4 / 255, 0.5 / 255]
    assert str(experiment.grid.epsilons[0]) == "0.0"  # -0.0 would be another cell for its job
    assert experiment.evaluation.common_epsilon == 8 / 255


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html>", b"PK\x03\x04 but no more"])
def test_a_file_that_is_no_npz_is_named_before_any_job(content, tmp_path, monkeypatch):
    (tmp_path / "mine.npz").write_bytes(content)
    monkeypatch.setenv("ADVSCAPE_DATA", str(tmp_path))
    raw = changed(experiments__1__dataset={"name": "npz", "path": "mine.npz"})
    with pytest.raises(UserError, match=r"dataset.path: got 'mine.npz'; allowed: an .npz file, wh"):
        load_study(raw)


def test_arrays_of_other_names_are_named_before_any_job(tmp_path, monkeypatch):
    np.savez(tmp_path / "mine.npz", x_train=np.zeros((4, 2)), train_labels=np.arange(4) % 2)
    monkeypatch.setenv("ADVSCAPE_DATA", str(tmp_path))
    raw = changed(experiments__1__dataset={"name": "npz", "path": "mine.npz", "test_fraction": 0.5})
    with pytest.raises(UserError, match="has no train_images; it has train_labels, x_train"):
        load_study(raw)


def test_a_home_in_the_data_root_is_found_and_a_relative_one_shown_whole(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    raw = changed(experiments__1__dataset={"name": "npz", "path": "mine.npz"})
    for given in ("~/data", "data"):
        with pytest.raises(UserError) as refused:
            load_study(raw | {"data_root": given})
        line = (
            f"data_root: got '{tmp_path}/data' ('{given}'); allowed: a folder that holds mine.npz"
        )
        assert line in str(refused.value)


def given_networks(**changes):
    """An experiment with networks that are already trained, whose dataset is not there to look."""
    network = copy.deepcopy(CONFIG["experiments"][1])
    for key in ("training", "grid"):
        del network[key]
    network |= {"dataset": {"name": "mnist"}, "checkpoints": {"runs": changes.pop("runs")}}
    return {"study": "given", "experiments": [network | changes]}


CLAIM = {
    "id": "C5", "statement": "It grows.", "rule": "grows", "quantity": "lambda_max",
    "select": {"hessian": "frozen"},
}  # fmt: skip
RUNS = [{"file": "a.pt", "epsilon": 0, "label": "AT"}, {"file": "b.pt", "epsilon": 0, "label": "X"}]
BAD_GIVEN = {
    "claims without epsilons": (
        given_networks(runs=[{"file": "a.pt"}], claims=[CLAIM]),
        "claims[0].select: got checkpoints without an epsilon; allowed: those with one",
    ),
    "claims about some without epsilons": (
        given_networks(
            runs=[{"file": "a.pt"}, *({"file": "b.pt", "epsilon": at} for at in (0, "128/255"))],
            claims=[CLAIM],
        ),
        "claims[0].select: got checkpoints without an epsilon; allowed: those with one, since the "
        "claim is about it (select: {epsilon: [0, 128/255]})",
    ),
    "claims about some without epochs": (
        given_networks(
            runs=[{"file": "a.pt", "epsilon": 0},
                  *({"file": "b.pt", "epsilon": 0, "epoch": at} for at in (10, 20))],
            claims=[CLAIM | {"along": "epoch"}],
        ),
        "claims[0].along: got 'epoch'; allowed: snapshots, or checkpoints with their epochs, since "
        "the claim is about those (select: {epoch: [10, 20]})",
    ),
    "a file that is not there, beside a claim": (
        given_networks(runs=[{"file": "x.pt", "epsilon": 0}], claims=[CLAIM]),
        "config: experiments[0].checkpoints.runs[0].file: got 'x.pt'; allowed: a file that is",
    ),
    "claims about several networks": (
        given_networks(runs=RUNS, claims=[CLAIM]),
        "claims[0].select.label: got nothing; allowed: one of AT, X: one measurement for each run",
    ),
    "lines to other states": (
        given_networks(
            runs=RUNS, landscape=CONFIG["experiments"][1]["landscape"] | {
                "directions": ["initial-weights"], "plane": None,
            },
        ),
        "landscape.directions: got initial-weights; allowed: the other kinds",
    ),
    "training beside": (
        given_networks(runs=RUNS, training=CONFIG["experiments"][1]["training"]),
        "training: got a key beside checkpoints; allowed: training and grid, or checkpoints",
    ),
    "two ways": (
        given_networks(runs=RUNS, checkpoints={"runs": RUNS, "table": "x.csv"}),
        "checkpoints: got {'runs': [{'file': 'a.pt'",
    ),
    "epsilons in grey levels": (
        given_networks(runs=[{"file": "a.pt", "epsilon": 8}], threat={"norm": "linf"}),
        "checkpoints.runs[0].file: epsilon: got 8.0; allowed: at most 1 with norm linf",
    ),
    "a pattern without a list": (
        given_networks(runs=RUNS, checkpoints={"pattern": "{epoch}.pt"}),
        "allowed: a list epochs, since pattern has {epoch}",
    ),
    "a pattern with another name": (
        given_networks(runs=RUNS, checkpoints={"pattern": "{eps}.pt", "epsilons": [0.5]}),
        "allowed: {epsilon}, {seed}, {epoch}, {label} in pattern (got {eps})",
    ),
    "means in grey levels": (
        given_networks(runs=RUNS, model={"name": "cnn", "normalise": {"mean": [33.3], "std": [1]}}),
        "model.normalise.mean[0]: got 33.3; allowed: a number <= 1",
    ),
    "means without stds": (
        given_networks(
            runs=RUNS, model={"name": "cnn", "normalise": {"mean": [0.1, 0.2], "std": [1]}}
        ),
        "model.normalise: got {'mean': [0.1, 0.2], 'std': [1]}; allowed: as many means as stds",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_GIVEN)
def test_bad_checkpoints(what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.pt", "b.pt"):
        Path(name).touch()
    raw, words = BAD_GIVEN[what]
    assert words in refusal(lambda: load_study(raw))


def test_one_way_of_claims_about_checkpoints_is_enough(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.pt", "b.pt"):
        Path(name).touch()
    claim = CLAIM | {"select": CLAIM["select"] | {"label": "AT"}}
    (found,) = Plan(load_study(given_networks(runs=RUNS, claims=[claim]))).claims
    assert found["of"]["select"]["label"] == "AT"
