"""Configs that no one would write: refused in one line, or a study whose jobs can be planned."""

import copy
import datetime
import json
import math

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from advscape.study import checkpoint_checks
from advscape.study.canonical import canonical
from advscape.study.config.grid import token
from advscape.study.config.study import GivenExperiment, LinearExperiment
from advscape.study.load import load_study
from advscape.study.plan import Plan
from advscape.study.spec import stage_spec
from tests.conftest import ROOT
from tests.refusals import refusal

FILES = [ROOT / "config.yaml", *sorted((ROOT / "studies").glob("*.yaml"))]
# through JSON, which takes apart what YAML's anchors share
CONFIGS = [json.loads(json.dumps(yaml.safe_load(file.read_text()))) for file in FILES]

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.sampled_from([
        10**400,  2**63, 1e308, 5e-324, -0.0, math.nan, "8/255", "8/0", "1e-3", "",
        "\x00", "{a}", "$x$", "2024", "True", "../x", "~", "a" * 5000, datetime.date(2024, 1, 1),
        datetime.datetime(2024, 1, 1), b"bytes", {1, 2}, {}, [], [[]], [None], {None: 1}, {1: 2},
        {"name": "pdg"}, {"name": None}, {"name": ["pgd"]}, {"steps": {}}, [{"name": {}}],
    ]),
    st.lists(st.integers(-2, 3), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)  # fmt: skip


def places(value, path=()):
    """Every place in a config."""
    yield path
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from places(inner, (*path, key))


PLACES = [list(places(config)) for config in CONFIGS]


@st.composite
def mutated(draw):
    """A real config with one to three changes: another value, a key less, a key more."""
    index = draw(st.integers(0, len(CONFIGS) - 1))
    config = copy.deepcopy(CONFIGS[index])
    for _ in range(draw(st.integers(1, 3))):
        *where, last = draw(st.sampled_from(PLACES[index][1:]))
        section = config
        try:
            for key in where:
                section = section[key]
            change = draw(st.integers(0, 3))
            if change == 0:
                del section[last]
            elif change == 1 and isinstance(section, dict):
                section[draw(st.one_of(st.text(max_size=8), st.integers(), st.none()))] = draw(ODD)
            elif change == 2:
                section[last] = [section[last]]
            else:
                section[last] = draw(ODD)
        except (KeyError, IndexError, TypeError):
            pass  # an earlier change took the place away
    return config


def planned(raw):
    """What Snakemake's start works out of a study: every cell's parameter, as text."""
    study = load_study(raw)
    plan = Plan(study)
    canonical(code="", config=study)
    for experiment in study.experiments:
        json.dumps([experiment.dataset.id, experiment.display_title, experiment.dataset_label])
        assert experiment.model.label
        linear = isinstance(experiment, LinearExperiment)
        for cell, seeds in plan.cells.get(experiment.name, {}).values():
            json.dumps([cell.name, cell.columns, seeds])
        for stage in ("train", "evaluate", "curvature", "landscape"):
            if isinstance(experiment, GivenExperiment):
                continue
            spec = stage_spec(stage, experiment, "code")
            for epsilon in experiment.grid.epsilons:
                assert float(token(epsilon)) == epsilon
                for seed in experiment.grid.seeds[:3]:
                    cell = {"noise": experiment.grid.noise if linear else experiment.noise}
                    json.loads(spec(epsilon=epsilon, seed=seed, **cell))


@settings(max_examples=2000)
@given(mutated())
def test_mutations_of_real_configs(monkeypatch_module, raw):
    # that files fit their networks is tested where they are looked at: it takes seconds
    monkeypatch_module.setattr(checkpoint_checks, "_look", lambda files, root: None)
    line = refusal(lambda: planned(raw))
    assert line is None or line.startswith("config: ")


SECTIONS = st.sampled_from(["study", "experiments", "data_root", "name", "model"])


@settings(max_examples=200)
@given(st.recursive(ODD, lambda inner: st.dictionaries(SECTIONS, inner, max_size=3)))
def test_anything_at_all(monkeypatch_module, raw):
    line = refusal(lambda: planned(raw))
    assert line is None or line.startswith("config: ")
