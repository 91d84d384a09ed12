"""Epsilon in the unit that people write."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from matplotlib import pyplot as plt

from advscape.epsilon import in_levels, written
from advscape.figures.axis import placed
from advscape.figures.robustness import robustness_figure
from advscape.study.config.section import fraction
from tests.conftest import ROOT
from tests.figures import tables


def test_every_multiple_of_a_grey_level_is_read_back():
    for level in range(1, 256):
        assert written(fraction(f"{level}/255"), levels=True) == f"{level}/255"


@pytest.mark.parametrize("decimals", [[0, 0.3], [0.1], [0.2, 0.4], [0, 2], [0.5], [0, 0.8, 1.6]])
def test_decimals_stay(decimals):
    assert not in_levels(decimals)


def test_only_multiples_of_51_levels_are_decimals_that_end():
    """So a float that is another multiple was not written as a decimal."""
    for level in range(1, 256):
        numerator = level * 10**6
        ends = numerator % 255 == 0  # six decimals
        assert ends == (level % 51 == 0)
        assert in_levels([0, level / 255]) is not ends


def test_studies_that_write_floats_are_shown_in_levels():
    """studies/paper.yaml has 0.00784313725490196 and so on, as many papers' code does."""
    study = yaml.safe_load(Path(ROOT / "studies/paper.yaml").read_text())
    grids = [e["grid"]["epsilons"] for e in study["experiments"]]
    shown = [[written(e, in_levels(grid)) for e in grid] for grid in grids]
    assert ["0", "2/255", "4/255", "8/255"] in shown
    assert ["0", "32/255", "64/255", "128/255"] in shown
    assert any("0.25" in grid for grid in shown)


def test_axes_and_legends_have_them():
    epsilons = [0, 2 / 255, 8 / 255]
    _, axis = placed(pd.DataFrame({"epsilon": epsilons}), "linf")
    assert axis.horizontal.labels == ("0", "2/255", "8/255")
    drawn = robustness_figure(tables.robustness(epsilons, common=4 / 255), "t", "linf")
    *_, last = drawn.figure.axes
    assert [label.get_text() for label in last.get_xticklabels()] == ["0", "2/255", "8/255"]
    assert r"common $\epsilon$ = 4/255" in [text.get_text() for text in drawn.figure.texts]
    plt.close("all")
