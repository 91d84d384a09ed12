"""Random robust logistic problems, as hypothesis strategies."""

import numpy as np
from hypothesis import strategies as st

from advscape.linear.robust_loss import LinearModel, RobustLoss


@st.composite
def problems(draw, max_radius=2.0, min_radius=0.0):
    """A loss on random samples of both classes, and a line away from w = 0."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, d = draw(st.integers(4, 20)), draw(st.integers(2, 6))
    t = np.where(np.arange(n) % draw(st.integers(2, 4)) == 0, 1.0, -1.0)
    radius = draw(st.floats(min_radius, max_radius))
    decay = draw(st.sampled_from([0.0, 1e-3, 0.1]))
    loss = RobustLoss(rng.normal(size=(n, d)), t, radius, decay)
    w = rng.normal(size=d)
    return loss, LinearModel(w / np.linalg.norm(w) * draw(st.floats(0.3, 3.0)), rng.normal())
