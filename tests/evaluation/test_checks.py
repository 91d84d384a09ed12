import math

import pytest

from advscape.evaluation.checks import (
    accuracy_falls_with_epsilon,
    autoattack_against_pgd,
    check_rows,
    errors_against_guess,
    kkt_residual,
    loss_rises_with_steps,
)
from advscape.study.columns import COLUMNS


@pytest.mark.parametrize(
    ("losses", "value", "ok"),
    [
        ([1.0, 1.5, 1.8], -0.2, True),
        ([1.0, 1.5, 1.494], 0.004, True),
        ([1.0, 1.5, 1.2], 0.2, False),
        ([0.0, 0.0], 0.0, True),
        ([1.0, math.nan, 2.0], math.nan, False),
    ],
)
def test_loss_rises_with_steps(losses, value, ok):
    check = loss_rises_with_steps(losses, 10)
    assert check.value == pytest.approx(value, nan_ok=True)
    assert check.ok is ok


@pytest.mark.parametrize(
    ("judges", "value", "ok"),
    [
        ([{0.0: 0.9, 0.5: 0.6, 0.2: 0.8}], -0.1, True),
        ([{0.0: 0.9, 0.5: 0.6}, {0.0: 0.9, 0.2: 0.5, 0.5: 0.52}], 0.02, False),
    ],
)
def test_accuracy_falls_with_epsilon(judges, value, ok):
    check = accuracy_falls_with_epsilon(judges, 10)
    assert check.value == pytest.approx(value)
    assert check.ok is ok


@pytest.mark.parametrize(
    ("pairs", "below", "near"),
    [
        ([(0.50, 0.50), (0.40, 0.43)], True, True),
        ([(0.50, 0.50), (0.30, 0.43)], True, False),  # PGD is too weak
        ([(0.51, 0.50), (0.40, 0.43)], False, True),  # AutoAttack is broken
    ],
)
def test_autoattack_against_pgd(pairs, below, near):
    assert [check.ok for check in autoattack_against_pgd(pairs, 10)] == [below, near]


@pytest.mark.parametrize(
    ("accuracy", "labels", "value", "ok"),
    [
        (0.9, [0, 1, 2, 3, 0], 1 / 6, True),
        (0.4, [0, 1, 2, 3, 0], 1.0, False),  # always the label 0
        (0.2, [0, 1, 2, 3, 0], 4 / 3, False),
        (0.995, [0] * 99 + [1], 0.5, True),  # rare labels
        (0.99, [0] * 99 + [1], 1.0, False),
    ],
)
def test_errors_against_guess(accuracy, labels, value, ok):
    (check,) = errors_against_guess(accuracy, labels)
    assert check.value == pytest.approx(value)
    assert (check.ok, check.n) == (ok, len(labels))


def test_without_a_second_label_there_is_nothing_to_guess():
    assert errors_against_guess(0.5, [1, 1]) == []


def test_rows_have_the_tables_columns():
    key = {"epsilon": 0.5, "split": "test", "checkpoint": "last"}
    (row,) = check_rows([kkt_residual(0.3, 7)], key)
    assert set(COLUMNS["sanity"]) <= set(row)
    assert row == {**key, "check": "kkt residual", "value": 0.3, "bound": 0.1, "ok": False, "n": 7}
