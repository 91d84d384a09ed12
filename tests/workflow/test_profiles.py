"""What the profiles promise about each other, the rules and the lock files."""

import re
import tomllib

import pytest
import yaml

from tests.conftest import ROOT

DEFAULT, SLURM = (
    yaml.safe_load((ROOT / f"profiles/{name}/profile.yaml").read_text())
    for name in ("default", "slurm")
)


def rule_resources():
    """mem_mb and runtime of every rule that is sent to a cluster."""
    found = {}
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        for block in re.split(r"^rule ", file.read_text(), flags=re.M)[1:]:
            if "localrule: True" not in block:
                name = block.split(":")[0]
                found[name] = {
                    key: int(re.search(rf"^ +{key}=(\d+),$", block, re.M)[1])
                    for key in ("mem_mb", "runtime")
                }
    return found


@pytest.mark.parametrize("key", ["rerun-triggers", "rerun-incomplete"])
def test_slurm_repeats_what_it_replaces(key):
    assert SLURM[key] == DEFAULT[key]


def test_first_attempt_asks_for_what_the_rule_says_and_later_ones_for_more():
    rules = rule_resources()
    assert set(SLURM["set-resources"]) == set(rules)
    for rule, own in rules.items():
        asked = SLURM["set-resources"][rule]
        for key, value in own.items():
            growing = [eval(asked[key], {"attempt": attempt}) for attempt in (1, 2, 3)]
            assert growing[0] == value, (rule, key)
            assert growing == sorted(set(growing)), (rule, key)


def test_retries_are_the_profiles_business():
    assert SLURM["retries"] > 0
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        assert "retries:" not in file.read_text(), file.name


def test_slurm_plugin_is_pinned_and_adds_nothing_to_the_environment():
    lock = (ROOT / "requirements-slurm.lock").read_text()
    pins = re.findall(r"^([\w-]+==[\d.]+) \\$", lock, re.M)
    (wanted,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]["slurm"]
    assert wanted in pins
    assert lock.count("--hash=sha256:") == 2 * len(pins)
    assert "://" not in lock
    base = (ROOT / "requirements.lock").read_text()
    assert not [pin for pin in pins if pin.split("==")[0] + "==" in base]
