import pytest
import torch

from advscape.attacks.autoattack import AutoAttack
from advscape.attacks.perturb import perturb
from advscape.evaluation.evaluate import score
from advscape.seeds import stream
from advscape.stages import judge as judging
from advscape.stages.evaluate_network import judge
from advscape.stages.run import NetworkRun
from tests.networks import assert_same, snapshot
from tests.sections import attack_section
from tests.stages.runs import FGSM, PGD10, network_run, samples, settings

AUTOATTACK = attack_section(name="autoattack", samples=25)


def rows_of(run, config, size=None):
    return judge(run, run.model, config, samples(run, size))[0]


def test_every_attack_on_both_sides_at_own_and_common_epsilon():
    run = network_run()
    rows = rows_of(run, settings(PGD10, FGSM))
    assert [(row["split"], row["attack"], row["eval_epsilon"]) for row in rows] == [
        (split, attack, epsilon)
        for split in ("train", "test")
        for attack, epsilon in [
            ("none", 0.0), ("pgd", 0.2), ("fgsm", 0.2), ("pgd", 0.3), ("fgsm", 0.3),
        ]
    ]  # fmt: skip


@pytest.mark.parametrize(("own", "common", "radii"), [(0.2, 0.2, [0.0, 0.2]), (0.0, 0.0, [0.0])])
def test_nothing_is_computed_twice(own, common, radii):
    rows = rows_of(network_run(own), settings(common=common))
    assert [row["eval_epsilon"] for row in rows if row["split"] == "test"] == radii


def test_the_numbers_are_those_of_the_attack():
    run = network_run()
    row = rows_of(run, settings())[-1]
    x, y = run.tensors(run.parts["test"])
    seed = stream(0, "evaluation attack")
    found = perturb(run.model, x, y, run.attack(PGD10, 0.3), seed, 512)
    expected = score(run.model, found, y, 512)
    assert (row["loss"], row["accuracy"], row["n"]) == (expected.loss, expected.accuracy, 60)


def test_a_fixed_draw_of_samples():
    run = network_run()
    first, second = (samples(run, 20) for _ in range(2))
    assert torch.equal(first["test"][0], second["test"][0])
    assert {row["n"] for row in rows_of(run, settings(), size=20)} == {20}


def test_the_model_is_left_as_it_was():
    run = network_run()
    run.model.train()
    before = snapshot(run.model)
    rows_of(run, settings(PGD10, FGSM, attack_section(name="random")))
    assert_same(before, snapshot(run.model))


class Fake(NetworkRun):
    """A run whose AutoAttack is PGD, so that the package is not needed."""

    def attack(self, section, epsilon=None):
        return super().attack(PGD10 if section.name == "autoattack" else section, epsilon)


def test_autoattack_takes_some_samples_and_meets_pgd_on_the_same_ones():
    run = network_run(box=True, kind=Fake)
    config = settings(PGD10, AUTOATTACK)
    x, y = run.tensors(run.parts["test"])
    judged = list(judging.judgements(run, run.model, config, x, y))
    auto, pgd = judged[-1], judged[-2]
    assert auto.attack == "autoattack"
    assert len(auto.chosen) == 25
    alone = pgd.scores.correct[auto.chosen].double().mean().item()
    assert pgd.accuracy_on(auto.chosen) == alone
    rows = rows_of(run, config)
    assert rows[-1]["components"] == "apgd-ce, fab, square"
    assert rows[-1]["n"] == 25
    assert not {"loss", "mean_p1p"} & rows[-1].keys()
    assert {row["components"] for row in rows if row["attack"] != "autoattack"} == {""}
    checks = judge(run, run.model, config, samples(run))[1]
    found = {check["check"]: check for check in checks}
    assert found["autoattack below pgd"]["n"] == found["pgd near autoattack"]["n"] == 25


def test_autoattack_is_not_run_without_an_epsilon(monkeypatch):
    monkeypatch.setattr(AutoAttack, "__call__", lambda *_: pytest.fail("it ran"))
    run = network_run(0.0, box=True)
    rows = rows_of(run, settings(PGD10, AUTOATTACK, common=0.0))
    assert {row["attack"] for row in rows} == {"none"}
