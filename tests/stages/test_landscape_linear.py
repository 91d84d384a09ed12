import numpy as np
from hypothesis import given

from advscape.landscape.grid import plane
from advscape.linear.robust_loss import LinearModel
from advscape.stages.landscape_linear import direction, scan_margins
from tests.linear.problems import problems


@given(problems(min_radius=-2.0))
def test_one_product_gives_the_closed_form_at_every_point(case):
    loss, line = case
    d = np.column_stack([direction(len(line.w), seed) for seed in (0, 1)]) * line.norm
    points = np.array(plane(1.0, 5))
    margins = scan_margins(loss, line, d, points)
    for column, point in zip(margins.T, points, strict=True):
        expected = loss.margins(LinearModel(line.w + d @ point, line.b))
        assert np.allclose(column, expected, rtol=1e-10, atol=1e-10)


def test_direction_has_unit_length_and_repeats():
    assert np.isclose(np.linalg.norm(direction(50, 3)), 1)
    assert np.array_equal(direction(50, 3), direction(50, 3))
