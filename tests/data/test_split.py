from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from advscape.data.sources import load_source
from advscape.data.split import split
from advscape.errors import UserError

DIGITS = load_source("digits", None, Path("."), download=False)


def test_split_is_stratified_disjoint_and_complete():
    drawn = split(DIGITS, None, 0.25, seed=3)
    assert len(drawn.train) + len(drawn.test) == 1797
    everything = np.concatenate([drawn.train.x, drawn.test.x]).reshape(1797, -1)
    assert sorted(map(bytes, everything)) == sorted(
        map(bytes, (DIGITS.images / np.float32(16)).astype(np.float32).reshape(1797, -1))
    )
    share = np.bincount(drawn.test.y) / np.bincount(DIGITS.labels)
    assert np.all(np.abs(share - 0.25) < 0.005)


def test_seed_draws_the_split():
    one, same, other = (split(DIGITS, None, 0.25, seed) for seed in (0, 0, 1))
    assert np.array_equal(one.test.x, same.test.x)
    assert not np.array_equal(one.test.x, other.test.x)


def test_classes_are_renumbered_in_the_given_order():
    drawn = split(DIGITS, [7, 3], 0.25, seed=0)
    assert drawn.classes == 2
    sevens = DIGITS.images[DIGITS.labels == 7] / np.float32(16)
    ours = np.concatenate([p.x[p.y == 0] for p in (drawn.train, drawn.test)])
    assert sorted(map(bytes, ours)) == sorted(map(bytes, sevens.astype(np.float32)))


def test_float64_pixels_are_not_rounded_to_float32():
    drawn = split(DIGITS, [0, 1], 0.25, 0, np.float64)
    assert drawn.train.x.dtype == np.float64


def test_no_official_test_set():
    with pytest.raises(UserError, match="no official test set"):
        split(DIGITS, None, None, seed=0)


def test_class_without_samples():
    with pytest.raises(UserError, match="class 12 has no samples"):
        split(DIGITS, [0, 12], 0.25, seed=0)


def test_a_single_class():
    alone = replace(DIGITS, labels=np.full(1797, 4))
    with pytest.raises(UserError, match="all labels are 4; allowed: two classes or more"):
        split(alone, None, 0.25, seed=0)


def test_subset_is_drawn_once_from_its_seed():
    part = split(DIGITS, None, 0.25, seed=0).train
    one, same, other = (part.subset(50, seed) for seed in (0, 0, 1))
    assert len(one) == 50
    assert np.array_equal(one.x, same.x)
    assert not np.array_equal(one.x, other.x)
    assert part.subset(10**6, 0) is part
