import yaml
from hypothesis import given
from hypothesis import strategies as st
from snakemake.io import get_wildcard_names

from advscape.study.canonical import canonical, read
from advscape.study.config.grid import token
from advscape.study.config.study import Study
from advscape.study.spec import stage_spec
from tests.conftest import ROOT


def experiment(**changes):
    raw = yaml.safe_load((ROOT / "tests/study/study.yaml").read_text())["experiments"][1]
    for section, values in changes.items():
        raw[section] = {**raw.get(section, {}), **values} if isinstance(values, dict) else values
    return Study.model_validate({"study": "s", "experiments": [raw]}).experiments[0]


def spec(stage, **changes):
    cell = {"epsilon": 0.4, "seed": 1, "noise": "aligned"}
    return stage_spec(stage, experiment(**changes), "code")(**cell)


def test_stages_depend_on_their_own_sections_only():
    stages = ("train", "evaluate", "curvature", "landscape", "sharpness")
    affected = {
        "landscape": ({"points": 5}, {"landscape"}),
        "curvature": ({"probes": 7}, {"curvature"}),
        "sharpness": ({"samples": 7}, {"sharpness"}),
        "evaluation": ({"common_epsilon": 1.0}, {"evaluate"}),
        "training": ({"epochs": 1}, {"train"}),
        "model": ({"width": 8}, set(stages)),
        "title": ("another title", set()),
        "claims": ([], set()),
        "dataset": ({"label": "Digits"}, set()),
        "grid": ({"seeds": [7]}, set()),
    }
    for section, (change, expected) in affected.items():
        changed = {s for s in stages if spec(s) != spec(s, **{section: change})}
        assert changed == expected, section


def test_order_of_keys_does_not_matter():
    raw = yaml.safe_load((ROOT / "tests/study/study.yaml").read_text())["experiments"][1]
    turned = dict(reversed(raw.items())) | {"training": dict(reversed(raw["training"].items()))}
    one, two = (
        Study.model_validate({"study": "s", "experiments": [r]}).experiments[0]
        for r in (raw, turned)
    )
    assert stage_spec("train", one, "code")(seed=0) == stage_spec("train", two, "code")(seed=0)


def test_spec_reads_back():
    assert read(spec("train"))["cell"] == {"epsilon": 0.4, "noise": "aligned", "seed": 1}


TEXTS = st.text(alphabet='{}a, "\\\\[]:', max_size=12)


@given(st.recursive(TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)))
def test_snakemake_finds_no_wildcard_in_what_users_write(value):
    spec = canonical(config=value)
    assert get_wildcard_names(spec) == set()
    assert read(spec) == {"config": value}


def test_tokens_are_short_and_exact():
    values = [0, 0.0, 3, 0.1, 8 / 255, 1e-5, 12.5]
    assert [token(v) for v in values[:4]] == ["0", "0", "3", "0.1"]
    assert all(float(token(v)) == v for v in values)
