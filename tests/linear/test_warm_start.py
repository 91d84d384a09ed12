import numpy as np

from advscape.linear.robust_loss import LinearModel
from advscape.linear.warm_start import warm_start


def line(*w, b=0.0):
    return LinearModel(np.array(w, float), b)


def test_two_lines_are_continued_straight():
    start = warm_start({0.0: line(4, 1, b=1.0), 1.0: line(3, 2, b=3.0), 9.0: line(7, 7)}, 1.5)
    assert np.allclose(start.w, [2.5, 2.5])
    assert start.b == 4.0


def test_one_line_is_taken_as_it_is():
    assert warm_start({0.5: line(4, 1)}, 1.0).w.tolist() == [4, 1]


def test_larger_radii_and_collapsed_lines_are_of_no_use():
    assert warm_start({}, 1.0) is None
    assert warm_start({1.0: line(1), 2.0: line(1)}, 1.0) is None
    assert warm_start({0.5: line(0, 0)}, 1.0) is None


def test_a_start_never_lies_behind_the_cone():
    solved = {0.0: line(4, 0), 1.0: line(1, 0)}
    assert warm_start(solved, 3.0).w.tolist() == [1, 0]
