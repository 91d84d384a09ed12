"""What runs again after a change: for every key of the config, the exact jobs.

A study in which every key has a place counts as finished: its files exist and Snakemake has
recorded what made them. Each test changes one thing and asks Snakemake what it would run. What
must run is written down here: the first stage for each key, and what follows from a stage.
"""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import Literal, get_args, get_origin

import numpy as np
import pytest
import yaml
from pydantic import BaseModel

from advscape.data.catalogue import needed
from advscape.study.config.model import MODELS
from advscape.study.config.section import OneOf, sections_at
from advscape.study.config.study import GivenExperiment, LinearExperiment, Study, TrainedExperiment
from tests.conftest import ROOT
from tests.workflow.planner import Refused, call, plan

# through JSON, which takes apart what YAML's anchors share
BASE = json.loads(json.dumps(yaml.safe_load((ROOT / "tests/workflow/every_key.yaml").read_text())))
KINDS = {"linear": LinearExperiment, "network": TrainedExperiment}

#: what must run after each stage; a stage of experiments and a figure stand for their own jobs
FOLLOWS = {
    "dataset": ["train", "take", "evaluate", "curvature", "landscape", "sharpness", "strength"],
    "try": ["train", "html_report"],
    "train": [
        "evaluate", "curvature", "landscape", "sharpness", "strength", "table runs",
        "table history",
    ],
    "take": [
        "evaluate", "curvature", "landscape", "sharpness", "strength", "table runs",
        "html_report",
    ],
    "evaluate": ["table robustness", "table sanity"],
    "curvature": [
        "table curvature", "table eigenvalues", "table layers", "table spectrum", "table maxima",
        "table finite_scale",
        "landscape",  # where it goes along eigenvectors
    ],
    "landscape": ["table landscape"],
    "sharpness": ["table sharpness"],
    "strength": ["table sanity"],
    "table runs": [
        "claims", "figure_curvature", "figure_regimes", "figure_along", "html_report",
    ],
    "table robustness": ["figure_robustness", "figure_along", "comparison", "html_report"],
    "table sanity": ["html_report"],
    "table curvature": [
        "claims", "figure_curvature", "figure_regimes", "figure_along", "comparison",
        "html_report",
    ],
    "table landscape": ["figure_landscape", "figure_plane", "flatness"],
    "table sharpness": ["figure_sharpness", "figure_along", "comparison", "html_report"],
    "flatness": ["table sanity", "claims"],
    "table eigenvalues": ["figure_spectrum"],
    "table layers": ["figure_layers"],
    "table spectrum": ["figure_spectrum"],
    "table maxima": [],
    "table finite_scale": ["figure_curvature", "html_report"],
    "table history": ["figure_history", "figure_along"],
    "comparison": ["html_report"],
    "claims": ["html_report"],
    "missing": ["html_report"],
    "figure_curvature": ["html_report", "provenance"],
    "figure_spectrum": ["html_report", "provenance"],
    "figure_layers": ["html_report", "provenance"],
    "figure_history": ["html_report", "provenance"],
    "figure_along": ["html_report", "provenance"],
    "figure_landscape": ["html_report", "provenance"],
    "figure_plane": ["html_report", "provenance"],
    "figure_robustness": ["html_report", "provenance"],
    "figure_sharpness": ["html_report", "provenance"],
    "figure_regimes": ["html_report", "provenance"],
    "figure_theorem": ["html_report", "provenance"],
    "study_config": ["html_report", "provenance"],
    "html_report": [],
    "provenance": [],
}  # fmt: skip
STAGES_OF_LINEAR = ["train", "evaluate", "curvature", "landscape"]
#: what is measured of every run of a network, and what only of the first seed of a cell
STAGES_OF_RUNS = [*STAGES_OF_LINEAR, "sharpness"]
STAGES = [*STAGES_OF_RUNS, "strength"]
#: those that only some networks have: of a network that is already trained, and of one that is not
TAKEN, TRAINED = ["take"], ["train", "try"]
RULES_OF_RUNS = {
    *(f"{stage}_linear" for stage in STAGES_OF_LINEAR),
    *(f"{stage}_network" for stage in [*STAGES, *TAKEN, *TRAINED]),
}
TABLES = [name for name in FOLLOWS if name.startswith("table ")]
OF_NETWORKS = [
    "table eigenvalues", "table layers", "table spectrum", "table maxima", "table finite_scale",
    "table history", "sharpness", "table sharpness", "strength",
]  # fmt: skip
#: figures of one experiment each
FIGURES = [
    "figure_curvature", "figure_spectrum", "figure_layers", "figure_history", "figure_landscape",
    "figure_plane", "figure_robustness", "figure_sharpness", "figure_along",
]  # fmt: skip

#: those that are lines over seeds
FIGURES_OF_CURVES = [figure for figure in FIGURES if figure != "figure_plane"]

#: nothing but the written config, and the pages that hold it
NOTHING = []
REFUSED = "no other value is allowed"
FLATNESS = ["flatness"]
PLANE = {"seeds": [1, 2], "radius": 0.5, "points": 5}
LINES = {"direction_seeds": [0, 1], "radius": 0.5, "points": 7, "step": 0.05, "plane": None}
PGD = {"steps": 2, "relative_step": 3.0, "restarts": 2, "random_start": False}


def under(path, stages, values):
    """Expectations of several keys of one section."""
    return {f"{path}.{key}": (value, stages) for key, value in values.items()}


#: key: (what it changes to, the stages that must run first). A key in brackets chooses among the
#: sections that may stand there. A new key of the config needs a line here, and where the study
#: every_key.yaml has no such section yet, a place there.
EXPECTED = {
    "study": ("renamed", ["everything"]),
    "question": ("Why?", NOTHING),
    "data_root": ("elsewhere", NOTHING),
    "linear.name": ("renamed", ["train"]),
    "linear.title": ("Another title", FIGURES),
    "linear.dataset.name": ("mnist", ["train", "dataset mnist"]),
    "linear.dataset.path": ("b.npz", ["train", "dataset npz-b"]),
    "linear.dataset.label": ("another", TABLES),
    "linear.dataset.classes": ([0, 2], ["train"]),
    "linear.dataset.test_fraction": (0.5, ["train"]),
    "linear.dataset.validation_fraction": (0.1, REFUSED),
    "linear.threat.norm": ("linf", ["train"]),
    "linear.threat.box": (True, REFUSED),
    **under("linear.training", ["train"], {
        "weight_decay": 1e-3, "tolerance": 1e-8, "gradient_steps": 20, "learning_rate": 0.2,
    }),
    **under("linear.grid", ["train"], {
        "epsilons": [0, 0.5, 1.0], "seeds": [0, 1], "noise": ["aligned"],
    }),
    "linear.evaluation.common_epsilon": (0.25, ["evaluate"]),
    **under("linear.landscape", ["landscape"], LINES),
    **under("linear.landscape.plane", ["landscape"], PLANE),
    **under("linear.landscape.flatness", FLATNESS, {"radii": [0.5, 1.0], "level": 0.1}),
    "network.name": ("renamed", ["train"]),
    "network.title": ("Another title", FIGURES),
    "network.dataset.name": ("mnist", ["train", "dataset mnist"]),
    "network.dataset.path": ("b.npz", ["train", "dataset npz-b"]),
    "network.dataset.label": ("another", TABLES),
    "network.dataset.classes": ([0, 1, 2], ["train"]),
    "network.dataset.test_fraction": (0.5, ["train"]),
    "network.dataset.validation_fraction": (0.1, ["train"]),
    "network.threat.norm": ("linf", ["train"]),
    "network.threat.box": (False, REFUSED),  # autoattack needs it
    "network.model": ({"name": "cnn"}, ["train"]),
    **{
        f"network.model[{name}].{key}": (value, ["train"])
        for name in ("resnet18", "preactresnet18", "cnn")
        for key, value in {"width": 8, "activation": "gelu"}.items()
    },
    "network.model[cnn].pooling": ("average", ["train"]),
    **{
        f"network.model[{name}].{key}": (value, ["train"])
        for name in ("wideresnet", "dm_wideresnet")
        for key, value in {"depth": 34, "widen_factor": 2, "activation": "gelu"}.items()
    },
    "network.model[wideresnet].sub_block1": (True, ["train"]),
    **{
        f"network.model[{name}].{key}": (value, ["train"])
        for name in ("torchvision", "timm")
        for key, value in {"architecture": "resnet34", "options": {"zero_init": True}}.items()
    },
    "network.model[custom].function": ("own:other", ["train"]),
    "network.model[custom].label": ("other", TABLES),
    "network.model[custom].options": ({"hidden": 8}, ["train"]),
    **under("network.training", ["train"], {
        "epochs": 5, "batch_size": 64, "learning_rate": 0.2, "momentum": 0.8,
        "weight_decay": 1e-3, "label_smoothing": 0.1, "attack_batch_norm": "eval",
        "schedule": {"name": "cosine"},
        "schedule[cyclic].peak": 0.3,
        "schedule[piecewise].milestones": [0.6],
        "schedule[piecewise].factor": 0.2,
        "objective": {"name": "awp"},
        "objective[trades].beta": 3.0,
        "objective[mart].beta": 3.0,
        "objective[sam].rho": 0.1,
        "objective[sam].adaptive": True,
        "objective[awp].gamma": 1e-3,
        "objective[awp].warmup": 1,
        "objective[entropy_sgd].inner_steps": 10,
        "objective[entropy_sgd].scope": 0.1,
        "objective[entropy_sgd].noise": 1e-3,
        "objective[entropy_sgd].averaging": 0.5,
        "objective[entropy_sgd].outer_step": 0.5,
        "augmentation.padding": 1, "augmentation.flip": True,
        "attack": {"name": "fgsm"},
        **{f"attack[pgd].{key}": value for key, value in PGD.items()},
        "attack[opposed].steps": 2, "attack[opposed].relative_step": 3.0,
        "monitor.every": 2, "monitor.samples": 100,
        "snapshots": [2], "snapshots.every": 2, "snapshots.epochs": [2],
        "averaging": {"ema": 0.9}, "averaging.ema": 0.9, "averaging.swa": {"from": 0.5},
        "averaging.swa.from": 0.5,
        "initial_perturbation": {"seed": 1},
        "initial_perturbation.size": 1e-5, "initial_perturbation.seed": 1,
    }),
    # its claim would be about which of them?
    "network.variants": ([{"name": "more", "training": {"momentum": 0.5}}], REFUSED),
    "network.variants.name": ("more", REFUSED),  # a list of them
    "network.variants.training": ({"momentum": 0.5}, REFUSED),
    # those that are measured anyway; for others see test_other_weights_are_jobs_of_their_own
    "network.evaluation.checkpoints": (["last"], NOTHING),
    **{
        f"network.{section}.checkpoints": (["snapshots"], REFUSED)
        for section in ("curvature", "landscape", "sharpness")
    },
    # another first seed; one more in test_an_addition_runs_its_own_cells
    **under("network.grid", ["train"], {"epsilons": [0, 0.5, 1.0], "seeds": [1, 0]}),
    **under("network.evaluation", ["evaluate", "strength"], {
        "common_epsilon": 0.25, "samples": 100, "batch_size": 64,
        "attacks": [{"name": "fgsm"}],
        **{f"attacks[pgd].{key}": value for key, value in PGD.items()},
        "attacks[opposed].steps": 2, "attacks[opposed].relative_step": 3.0,
        "attacks[autoattack].samples": 100,
    }),
    **under("network.curvature", ["curvature"], {
        "samples": 64, "splits": ["train"], "tolerance": 1e-2, "max_products": 30, "probes": 10,
        "trace_accuracy": 0.1, "seed": 1, "batch_size": 64, "eigenvectors": 2,
        **{f"attack.{key}": value for key, value in PGD.items()},
        "largest": 3, "smallest": 1,
        "response.refine_steps": 100, "response.polish_steps": 10, "response.kkt_tol": 1e-3,
        "response.cg_tolerance": 1e-2, "response.cg_steps": 50, "response.probes": 5,
        "finite_scale.radii": [0.1], "finite_scale.steps": 4, "finite_scale.attack_steps": 2,
        "finite_scale.random": 2,
        "spectrum": None, "spectrum.probes": 5, "spectrum.steps": 40, "spectrum.points": 100,
        "spectrum.width": 0.1,
    }),
    **under("network.landscape", ["landscape"], {
        **LINES, "directions": ["filter-normalised", "raw"], "attacks": ["none", "frozen"],
        "splits": ["train", "test"], "samples": 64, "batch_size": 64, "jobs": 2,
        **{f"attack.{key}": value for key, value in PGD.items()},
        **{f"plane.{key}": value for key, value in PLANE.items()},
        "plane.direction": "raw", "plane.attacks": ["none"],
    }),
    **under("network.landscape.flatness", FLATNESS, {"radii": [0.5, 1.0], "level": 0.1}),
    **under("network.sharpness", ["sharpness", "strength"], {
        "measures": ["worst"], "balls": ["l2"], "losses": ["clean"], "samples": 16,
        "splits": ["test"], "seed": 1, "batch_size": 32, "weight_curvature.probes": 5,
        "average.draws": 5, "worst.steps": 3, "worst.restarts": 1,
        "robust_average.radii": [0.1], "robust_average.draws": 5,
        "robust_worst.radii": [0.1], "robust_worst.steps": 3, "robust_worst.restarts": 1,
        **{f"attack.{key}": value for key, value in PGD.items()},
        **{
            f"{measure}.{ball}.{scale}": [0.3]
            for measure in ("average", "worst")
            for ball in ("l2", "linf")
            for scale in ("plain", "adaptive")
        },
    }),
    **under("network.compute", ["train"], {
        "device": "cpu", "threads": 2, "precision": "bfloat16", "deterministic": False,
    }),
    "network.compute.jobs_per_device": (2, NOTHING),
    "network.compute.seeds_per_job": (2, NOTHING),  # there is one seed
    **{
        f"{kind}.{key}": (value, ["claims"])
        for kind in KINDS
        for key, value in {
            "claims": [], "claims.id": "another", "claims.statement": "Other words.",
            "claims.rule": "flat", "claims.ratio": 2.0, "claims.difference": 0.5,
            "claims.level": 0.01,
        }.items()
    },
    "linear.claims.quantity": ("scaled_trace", ["claims"]),
    "linear.claims.select": ({"hessian": "response"}, ["claims"]),
    "network.claims.select": ({"attack": "frozen"}, ["claims"]),
    "linear.claims.table": ("curvature", NOTHING),  # as without
    "network.claims.table": ("flatness", NOTHING),
    # a Hessian would have to be named, and its claims do not grow along epochs that it has not
    "network.claims.quantity": ("scaled_trace", REFUSED),
    **{
        f"{kind}.claims.{key}": (value, REFUSED)
        for kind in KINDS
        for key, value in {
            "along": "epoch", "other": {"quantity": "trace"}, "other.table": "curvature",
            "other.quantity": "trace", "other.select": {"hessian": "frozen"}, "within": "epsilon",
            "sign": "positive", "at_least": 0.5, "at_most": 0.5,
        }.items()
    },
    **{
        f"network.model[{name}].normalise{key}": (value, stages)
        for name in MODELS
        for key, value, stages in (
            ("", {"mean": [0.5], "std": [0.5]}, ["train"]),
            (".mean", [0.5], ["train"] if name == "cnn" else REFUSED),
            (".std", [0.5], ["train"] if name == "cnn" else REFUSED),
        )
    },
    **under("given.checkpoints", ["take"], {
        "runs.file": "weights/c.pt", "runs.epsilon": 0.25, "runs.seed": 1, "runs.epoch": 3,
        "runs.label": "TRADES", "key": "ema", "prefix": "net.",
    }),
    # one run less: its rows go, and what is known of it
    "given.checkpoints.runs": (
        [{"file": "weights/a.pt", "epsilon": 0.5, "expect": {"accuracy": 0.8}}],
        [*(table for table in TABLES if table != "table history"), "html_report"],
    ),
    **under("given.checkpoints", ["evaluate"], {
        "runs.expect": None, "runs.expect.accuracy": 0.7, "runs.expect.within": 0.1,
        "expect": None, "expect.accuracy": 0.7, "expect.within": 0.1,
    }),
    # beside a list of runs
    **under("given.checkpoints", REFUSED, {
        "table": "runs.csv", "pattern": "weights/{label}.pt", "epsilons": [0], "seeds": [0],
        "epochs": [1], "labels": ["a"],
    }),
    # datasets without them: for a folder they make another dataset, see tests/study/test_image_data
    **{
        f"{kind}.dataset.{key}": (value, REFUSED)
        for kind in KINDS
        for key, value in {
            "resize": 8, "crop": 8, "class_names": ["a", "b"], "image_key": "i", "label_key": "l",
        }.items()
    },
}  # fmt: skip


def tag(section: type[BaseModel]) -> str:
    """What a section has in its key ``name``."""
    return get_args(section.model_fields["name"].annotation)[0]


def keys(section: type[BaseModel], path: str):
    """Every key of a section and of those in it that can have another value."""
    for name, field in section.model_fields.items():
        here = f"{path}.{name}"
        if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1:
            continue
        inner = sections_at(field)
        if get_origin(field.annotation) is list or len(inner) != 1 or not field_is_section(field):
            yield here
        for option in inner:
            yield from keys(option, here + (f"[{tag(option)}]" if len(inner) > 1 else ""))


def field_is_section(field) -> bool:
    """Whether there is always exactly this one section, with nothing to choose."""
    chosen = any(isinstance(each, OneOf) for each in field.metadata)
    kind = field.annotation
    return isinstance(kind, type) and issubclass(kind, BaseModel) and not chosen


KEYS = [name for name in Study.model_fields if name != "experiments"]
KEYS += [key for kind, section in KINDS.items() for key in keys(section, kind)]
# its other sections are those of other networks
KEYS += [key for key in keys(GivenExperiment, "given") if key.startswith("given.checkpoints")]


def is_linear(experiment):
    return experiment["model"]["name"] == "logistic"


def is_given(experiment):
    return "checkpoints" in experiment


def kind_of(experiment):
    return "linear" if is_linear(experiment) else "given" if is_given(experiment) else "network"


def place(experiment, path):
    """The mapping that holds a key, or None where the experiment has no such section."""
    *outer, last = path
    for part in outer:
        name, _, wanted = part.rstrip("]").partition("[")
        experiment = experiment.setdefault(name, {})
        options = experiment if isinstance(experiment, list) else [experiment]
        found = [option for option in options if not wanted or option.get("name") == wanted]
        if not found:
            return None
        experiment = found[0]
    return experiment, last


def with_change(key, value, study=BASE):
    """The study with one key changed, and the experiment that it is changed in."""
    config = deepcopy(study)
    kind, *path = key.split(".")
    if kind in Study.model_fields:
        return config | {key: value}, None
    for i, experiment in enumerate(config["experiments"]):
        if kind_of(experiment) != kind:
            continue
        if key.endswith("dataset.path") and "path" not in experiment["dataset"]:
            continue
        if (
            key == "linear.training.learning_rate"
            and "gradient_steps" not in experiment["training"]
        ):
            continue
        found = place(deepcopy(experiment), path)
        if found is not None:
            mapping, last = place(experiment, path)
            mapping[last] = value
            return config, config["experiments"][i]
    pytest.fail(f"{key}: no experiment of tests/workflow/every_key.yaml has this section; add one")


def has(experiment, figure):
    """Whether a figure is drawn of an experiment."""
    if figure == "figure_plane":
        return experiment["landscape"].get("plane") is not None
    if figure == "figure_spectrum":
        return experiment.get("curvature", {}).get("spectrum") is not None
    if figure == "figure_along":
        return 1 in experiment["evaluation"].get("checkpoints", [])
    if figure == "figure_history":
        return not is_linear(experiment) and not is_given(experiment)
    return figure not in ("figure_sharpness", "figure_layers") or not is_linear(experiment)


def along(experiment):
    """Whether its landscape goes along eigenvectors."""
    return "eigenvector" in experiment["landscape"].get("directions", [])


def jobs_of(stages, experiment, config):
    """Labels of the jobs of some stages and of all that follows; figures follow for everyone."""
    experiments = {e["name"]: e for e in config["experiments"]}
    everyone = list(experiments)
    labels, seen = set(), set()
    waiting = [(stage, [experiment["name"]] if experiment else everyone) for stage in stages]
    while waiting:
        stage, names = waiting.pop()
        if experiment and is_linear(experiment) and stage in [*OF_NETWORKS, "try"]:
            continue
        if experiment and stage in (TRAINED if is_given(experiment) else TAKEN):
            continue
        if stage in [*STAGES, "take", "try"]:
            labels.add(f"{stage}_{'linear' if is_linear(experiment) else 'network'} {names[0]}")
        elif stage in FIGURES:
            labels |= {f"{stage} {name}" for name in names if has(experiments[name], stage)}
        else:
            labels.add(stage)
        for following in FOLLOWS.get(stage, []):
            if (stage, following) == ("curvature", "landscape") and not along(experiment):
                continue
            if (stage, following) not in seen:
                seen.add((stage, following))
                waiting.append((following, names if following in [*STAGES, "take"] else everyone))
    return labels


def labels(jobs):
    return {job.label for job in jobs}


class Finished:
    """A study as if it had run, and the questions to Snakemake about it."""

    def __init__(self, folder, study, *wanted):
        self.folder, self.wanted = folder, wanted
        for root in ("data", "elsewhere"):
            for file in needed("mnist", None):
                (folder / root / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / root / file).write_text(file)
            for i, file in enumerate(("a.npz", "b.npz")):
                # images kept as JPEG: no shape is known that the weights would have to suit
                arrays = {"jpeg": [i], "offsets": np.arange(9), "labels": np.arange(8) % 2}
                named = {f"train_{name}": array for name, array in arrays.items()}
                np.savez(folder / root / file, **named)
        (folder / "own.py").write_text(
            "def mlp(classes, shape, **_): ...\n\n\ndef other(classes, shape, **_): ...\n"
        )
        for package in ("pyautoattack", "timm"):
            (folder / f"{package}.py").touch()
        (folder / "weights").mkdir()
        for name in "abc":
            (folder / f"weights/{name}.pt").write_text(name)
        self.everything = self.plan(study)
        for job in self.everything:
            for file in job.output:
                if file.endswith("/checkpoints"):  # a folder of weights
                    (folder / file).mkdir(parents=True)
                    continue
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).write_text(file)
        touch = ["--touch", "--forceall", "--cores", "2", *wanted]
        code, said = call(ROOT / "Snakefile", folder, self.configfile(study), *touch)
        assert code == 0, said

    def configfile(self, config, name="study"):
        # read as a config file as well as YAML is, and faster
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(config))
        return file

    def plan(self, config, root=ROOT, name="study"):
        file = self.configfile(config, name)
        return plan(root / "Snakefile", self.folder, file, *self.wanted)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return Finished(tmp_path_factory.mktemp("study"), BASE)


@pytest.fixture(scope="module")
def one_of_each(tmp_path_factory):
    return Finished(tmp_path_factory.mktemp("code"), ONE_OF_EACH)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    copy = tmp_path_factory.mktemp("clone")
    for name in ("pkg", "workflow", "profiles"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored, copy_function=shutil.copyfile)
    for name in ("Snakefile", "config.yaml", "environment.yml", "CITATION.cff"):
        shutil.copyfile(ROOT / name, copy / name)
    return copy


@pytest.fixture
def edit(clone):
    """Edits a file of the clone for the time of a test."""
    before = {}

    def edit(name, change):
        file = clone / name
        before.setdefault(file, file.read_text())
        file.write_text(change(before[file]))

    yield edit
    for file, text in before.items():
        file.write_text(text)


def test_a_second_run_and_a_fresh_clone_run_nothing(finished, clone):
    assert finished.plan(BASE) == []
    # every file of the clone is newer than the results
    assert finished.plan(BASE, clone) == []


def test_every_expectation_is_of_a_key():
    assert set(EXPECTED) <= set(KEYS)


def alone():
    """Keys that are planned in the study as it is, where all that follows is seen.

    Of those with the same stages one is enough: what follows from a job that runs, Snakemake finds
    without the key. A change of what is not of one experiment has to be seen by itself.
    """
    seen = set()
    for key, (_, stages) in EXPECTED.items():
        case = (key.split(".")[0], *stages)
        if case not in seen or not {*STAGES, *TAKEN}.intersection(stages):
            yield key
        seen.add(case)


ALONE = set(alone())


def asked(request):
    """Keys whose tests have been asked for, and of which something is expected."""
    tests = [test for test in request.session.items if test.path == request.path]
    tests = [test for test in tests if test.originalname == "test_a_changed_key"]
    keys = [test.callspec.params["key"] for test in tests]
    return [key for key in keys if key in EXPECTED]


@pytest.fixture(scope="module")
def after_change(finished, request):
    """For each key alone what would run after its change, or what was said against it."""

    def plan(numbered):
        i, key = numbered
        try:
            return finished.plan(with_change(key, EXPECTED[key][0])[0], name=f"changed-{i}")
        except Refused as refusal:
            return refusal

    keys = [key for key in asked(request) if key in ALONE]
    with ThreadPoolExecutor(2) as pool:  # each plan is a process
        return dict(zip(keys, pool.map(plan, enumerate(keys)), strict=True))


@pytest.fixture(scope="module")
def after_changes(tmp_path_factory, request):
    """For each other key what would run of its experiment: the study has one more for each."""
    small = deepcopy(BASE)
    for experiment in small["experiments"]:
        if "grid" in experiment:
            del experiment["grid"]["epsilons"][:-1]
    before, after, names = [*small["experiments"]], [*small["experiments"]], {}
    for i, key in enumerate(key for key in asked(request) if key not in ALONE):
        changed = with_change(key, EXPECTED[key][0], small)[1]
        original = next(e for e in small["experiments"] if e["name"] == changed["name"])
        names[key] = f"{i}-{original['name']}"
        for experiments, experiment in ((before, original), (after, changed)):
            experiments.append({**experiment, "name": names[key], "claims": []})
    study = BASE | {"experiments": before}
    tables = [f"results/{BASE['study']}/tables/{name.split()[1]}.csv" for name in TABLES]
    jobs = Finished(tmp_path_factory.mktemp("keys"), study, *tables).plan(
        study | {"experiments": after}
    )
    return {
        key: [job for job in jobs if job.wildcards.get("experiment") == name]
        for key, name in names.items()
    }


@pytest.mark.parametrize("key", KEYS)
def test_a_changed_key(request, finished, key):
    assert key in EXPECTED, f"{key}: a new key? Say in EXPECTED which stage runs first after it"
    value, stages = EXPECTED[key]
    config, experiment = with_change(key, value)
    jobs = request.getfixturevalue("after_change" if key in ALONE else "after_changes")[key]
    if stages == REFUSED:
        assert isinstance(jobs, Refused)
        assert "allowed:" in str(jobs)
    elif stages == ["everything"]:
        assert labels(jobs) == labels(finished.everything)
    else:
        expected = jobs_of([*stages, *tried(key), "study_config"], experiment, config)
        if key in ALONE:
            assert labels(jobs) == expected
        else:
            rules = {label.split()[0] for label in expected}
            assert {job.rule for job in jobs} == rules & RULES_OF_RUNS


def tried(key):
    """The trial: wherever a network is trained again, but for a cell that was added."""
    kind, section, *_ = [*key.split("."), ""]
    again = "train" in EXPECTED[key][1] and section != "grid"
    return ["try"] if kind == "network" and again else []


def test_reordered_keys_run_nothing(finished):
    def reordered(value):
        if isinstance(value, dict):
            return {key: reordered(value[key]) for key in reversed(value)}
        return [reordered(v) for v in value] if isinstance(value, list) else value

    assert finished.plan(reordered(BASE)) == []


def test_swapped_values_are_seen(finished):
    """Snakemake alone compares only the set of values."""
    config = deepcopy(BASE)
    experiment = config["experiments"][2]
    experiment["curvature"] |= {"samples": 20, "probes": 32}
    wanted = jobs_of(["curvature", "study_config"], experiment, config)
    assert labels(finished.plan(config)) == wanted


def outputs(jobs, rule):
    """Folders, below the runs, in which the jobs of a rule write."""
    of_rule = [job for job in jobs if job.rule == rule]
    folders = [{os.path.dirname(file) for file in job.output} for job in of_rule]
    assert all(len(found) == 1 for found in folders)
    return sorted(folder.pop().split("runs/")[1] for folder in folders)


def folders(stages, kind, *runs):
    """Folders of the jobs that stages have for some runs, by rule."""
    inner = {"landscape_network": "/landscape"}  # its points may be shared between jobs
    rules = [f"{stage}_{kind}" for stage in stages]
    return {rule: [run + inner.get(rule, "") for run in runs] for rule in rules}


#: of the first seed alone
STRENGTH_OF_RESNET = {"strength_network resnet"}
#: what is added, and the folders of the jobs that run for it, by rule
ADDED = {
    "epsilon of a network": (
        ("resnet", "grid", "epsilons", 1.5),
        folders(STAGES, "network", "resnet/eps~1.5/seed~0"),
    ),
    "seed of a network": (
        ("resnet", "grid", "seeds", 7),
        folders(STAGES_OF_RUNS, "network", "resnet/eps~0.5/seed~7", "resnet/eps~0/seed~7"),
    ),
    "epsilon of a linear model": (
        ("solved", "grid", "epsilons", 1.5),
        folders(STAGES_OF_LINEAR, "linear", "solved/seed~0"),
    ),
    "seed of a linear model": (
        ("solved", "grid", "seeds", 7),
        folders(STAGES_OF_LINEAR, "linear", "solved/seed~7"),
    ),
    "attack": (
        ("resnet", "evaluation", "attacks", {"name": "fgsm"}),
        folders(
            ["evaluate", "strength"], "network", "resnet/eps~0.5/seed~0", "resnet/eps~0/seed~0"
        ),
    ),
    "direction of a network": (
        ("resnet", "landscape", "direction_seeds", 7),
        folders(["landscape"], "network", "resnet/eps~0.5/seed~0", "resnet/eps~0/seed~0"),
    ),
    "direction of a linear model": (
        ("solved", "landscape", "direction_seeds", 7),
        folders(["landscape"], "linear", "solved/seed~0"),
    ),
}


def followed(section, key, value):
    """The study with something else in the experiment that is followed along its training."""
    config = deepcopy(BASE)
    (experiment,) = [e for e in config["experiments"] if e["name"] == "followed"]
    target = experiment if section is None else experiment[section]
    target[key] = value
    return config, experiment


#: other weights to measure: the section, its checkpoints, and the folders of the jobs that run
MEASURED = {
    "an epoch more": ("curvature", ["last", 1, 3], ["epoch~3"]),
    "all snapshots": ("curvature", ["last", "snapshots"], ["epoch~2", "epoch~3"]),
    "averaged weights": ("curvature", ["last", 1, "averaged"], ["checkpoint~averaged"]),
    "fewer": ("evaluation", ["last", 1], []),
}


@pytest.mark.parametrize("what", MEASURED)
def test_other_weights_are_jobs_of_their_own(finished, what):
    section, wanted, added = MEASURED[what]
    jobs = finished.plan(followed(section, "checkpoints", wanted)[0])
    rule = {"evaluation": "evaluate_network"}.get(section, "curvature_network")
    found = [f"followed/eps~0.5,variant~{variant},{cell}/seed~0"
             for variant in ("base", "sam") for cell in added]  # fmt: skip
    assert outputs(jobs, rule) == sorted(found)
    assert not [job for job in jobs if job.rule == "train_network"]


def test_a_variant_more_trains_alone(finished):
    variants = [
        {"name": "sam", "training": {"objective": {"name": "sam"}}},
        {"name": "slow", "training": {"learning_rate": 0.01}},
    ]
    jobs = finished.plan(followed(None, "variants", variants)[0])
    cell = "followed/eps~0.5,variant~slow"
    assert outputs(jobs, "train_network") == [f"{cell}/seed~0"]
    assert outputs(jobs, "curvature_network") == [f"{cell},epoch~1/seed~0", f"{cell}/seed~0"]
    assert outputs(jobs, "evaluate_network") == [
        f"{cell},checkpoint~averaged/seed~0", f"{cell},epoch~1/seed~0", f"{cell}/seed~0",
    ]  # fmt: skip
    assert [job.output for job in jobs if job.rule == "try_network"] == [
        ["results/every-key/runs/followed/trial,variant~slow.json"]
    ]


@pytest.mark.parametrize("what", ADDED)
def test_an_addition_runs_its_own_cells(finished, what):
    (name, section, key, value), wanted = ADDED[what]
    config = deepcopy(BASE)
    (experiment,) = [e for e in config["experiments"] if e["name"] == name]
    experiment[section][key].append(value)
    jobs = finished.plan(config)
    for rule, folders in wanted.items():
        assert outputs(jobs, rule) == folders
    stages = [rule.split("_")[0] for rule in wanted]
    expected = jobs_of([*stages, "study_config"], experiment, config)
    if what == "seed of a network":
        expected -= STRENGTH_OF_RESNET
    assert labels(jobs) == expected


def test_a_changed_checkpoint_is_measured_anew_and_a_touched_one_is_not(finished):
    file = finished.folder / "weights/a.pt"
    before = file.read_bytes()
    os.utime(file)
    assert finished.plan(BASE) == []
    file.write_bytes(b"another")
    try:
        jobs = finished.plan(BASE)
    finally:
        file.write_bytes(before)
    (experiment,) = [e for e in BASE["experiments"] if is_given(e)]
    for stage in ("take", *STAGES[1:]):
        inner = {"landscape": "/landscape"}.get(stage, "")
        assert outputs(jobs, f"{stage}_network") == [f"given/eps~0.5/seed~0{inner}"]
    assert labels(jobs) == jobs_of(["take"], experiment, BASE)


def test_seeds_that_share_a_job_are_measured_anew_and_not_trained_again(finished):
    config = deepcopy(BASE)
    (experiment,) = [e for e in config["experiments"] if e["name"] == "resnet"]
    experiment["grid"]["seeds"] = [0, 7, 8]
    experiment["compute"] = {**experiment.get("compute", {}), "seeds_per_job": 2}
    jobs = finished.plan(config)
    wanted = folders(STAGES_OF_RUNS[1:], "network", *(f"resnet/eps~{epsilon}/seed~{seeds}"
                     for epsilon in ("0.5", "0") for seeds in ("0+7", "8")))  # fmt: skip
    wanted["train_network"] = [
        f"resnet/eps~{epsilon}/seed~{seed}" for epsilon in ("0.5", "0") for seed in (7, 8)
    ]
    for rule, runs in wanted.items():
        assert outputs(jobs, rule) == sorted(runs)
    expected = jobs_of([*STAGES_OF_RUNS, "study_config"], experiment, config)
    assert labels(jobs) == expected - STRENGTH_OF_RESNET  # of seed 0, which was there


#: what an edit of code is tried on: of experiments that differ in values alone it runs the same
ONE_OF_EACH = BASE | {
    "experiments": [
        experiment
        for experiment in BASE["experiments"]
        if experiment["name"] in ("solved", "descended", "resnet", "followed", "given")
    ]
}


def everywhere(stages, kinds=("linear", "network")):
    """Labels of some stages' jobs, and of what follows, in all experiments of some kinds."""
    found = set()
    for experiment in ONE_OF_EACH["experiments"]:
        if ("linear" if is_linear(experiment) else "network") in kinds:
            found |= jobs_of(stages, experiment, ONE_OF_EACH)
    return found


ALL_DATASETS = ["dataset digits", "dataset npz-a", *STAGES, "take", "try"]
ALL_FIGURES = [*FIGURES, "figure_regimes", "figure_theorem"]
ALL_SCRIPTS = [*ALL_DATASETS, *ALL_FIGURES, "flatness", "comparison", "study_config", "missing"]
LINEAR, NETWORK = ("linear",), ("network",)

#: a module of each stage, and what runs first when its code is edited
MODULES = {
    "stages/job.py": everywhere(ALL_SCRIPTS),
    "data/sources.py": everywhere(ALL_DATASETS),
    "trial/checks.py": everywhere(["take"], NETWORK),
    "models/fit.py": everywhere(["take"], NETWORK),
    "stages/train_linear.py": everywhere(["train"], LINEAR),
    "training/updates.py": everywhere(["train"], NETWORK),
    "attacks/pgd.py": everywhere(STAGES, NETWORK),
    "stages/evaluate_linear.py": everywhere(["evaluate"], LINEAR),
    "stages/evaluate_network.py": everywhere(["evaluate"], NETWORK),
    "stages/curvature_linear.py": everywhere(["curvature"], LINEAR),
    "curvature/lanczos.py": everywhere(["curvature"], NETWORK),
    "curvature/proof.py": everywhere(
        ["take", "curvature", "landscape", "sharpness", "strength"], NETWORK
    ),
    "stages/landscape_linear.py": everywhere(["landscape"], LINEAR),
    "stages/landscape_network.py": everywhere(["landscape"], NETWORK),
    "landscape/grid.py": everywhere(["landscape"]),
    "tables/flatness.py": everywhere(["flatness"]),
    "sharpness/worst.py": everywhere(["sharpness", "strength"], NETWORK),
    "sharpness/long_ascent.py": everywhere(["strength"], NETWORK),
    "stages/strength_network.py": everywhere(["strength"], NETWORK),
    "tables/collect.py": everywhere([*TABLES, *ALL_FIGURES, "flatness", "comparison", "missing"]),
    "tables/parquet.py": everywhere([*TABLES, "flatness", "comparison", "missing"]),
    "tables/printed.py": everywhere(["comparison"]) | {"claims"},
    "tables/per_run.py": everywhere(["comparison", "figure_along"]),
    "statistics/decide.py": {"claims", "html_report"},
    "figures/regimes.py": {"figure_regimes", "html_report", "provenance"},
    "report/forest.py": {"html_report"},
    "study/outline.py": set(),
    "figures/style.py": everywhere(ALL_FIGURES),
    "figures/seeds.py": everywhere([*FIGURES_OF_CURVES, "figure_regimes"]),
    "study/config/study.py": set(),
}


def with_code(text):
    return text + "\nEDITED = 1\n"


def with_words(text):
    """Another docstring and a comment."""
    assert text.removeprefix("r").startswith('"""')
    return text.replace('"""', '"""Edited. ', 1) + "\n# a comment\n"


@pytest.mark.parametrize("module", MODULES)
def test_an_edited_module(one_of_each, clone, edit, module):
    edit(f"pkg/advscape/{module}", with_code)
    assert labels(one_of_each.plan(ONE_OF_EACH, clone)) == MODULES[module]


SCRIPTS = {
    "dataset": everywhere(ALL_DATASETS),
    **{f"{stage}_linear": everywhere([stage], LINEAR) for stage in STAGES_OF_LINEAR},
    **{f"{stage}_network": everywhere([stage], NETWORK) for stage in STAGES},
    "take_network": everywhere(["take"], NETWORK),
    "try_network": set(),
    "missing": {"missing", "html_report"},
    "table": everywhere(TABLES),
    "flatness": everywhere(["flatness"]),
    "comparison": everywhere(["comparison"]),
    "claims": {"claims", "html_report"},
    "compare": set(),
    "figure": everywhere(ALL_FIGURES),
    "study_config": {"study_config", "html_report", "provenance"},
    "html_report": {"html_report"},
    "provenance": {"provenance"},
}


@pytest.mark.parametrize(
    "script", sorted(file.stem for file in (ROOT / "workflow/scripts").glob("*.py"))
)
def test_an_edited_script(one_of_each, clone, edit, script):
    assert script in SCRIPTS, f"{script}: a new script? Say in SCRIPTS what runs after an edit"
    edit(f"workflow/scripts/{script}.py", with_code)
    assert labels(one_of_each.plan(ONE_OF_EACH, clone)) == SCRIPTS[script]


def test_touched_scripts_and_edited_words_run_nothing(one_of_each, clone, edit):
    scripts = [
        f"workflow/scripts/{file.name}" for file in (clone / "workflow/scripts").glob("*.py")
    ]
    for script in scripts:
        os.utime(clone / script)
    assert one_of_each.plan(ONE_OF_EACH, clone) == []
    for file in (*scripts, *(f"pkg/advscape/{module}" for module in MODULES)):
        edit(file, with_words)
    assert one_of_each.plan(ONE_OF_EACH, clone) == []
