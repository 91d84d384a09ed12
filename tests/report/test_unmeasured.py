"""The claims' page says which Hessians are missing, and why."""

import numpy as np
import pandas as pd

from advscape.report.unmeasured import unmeasured_section


def rows(reasons):
    return pd.DataFrame(
        {"experiment": "a <b>", "loss": "clean", "hessian": "total", "reason": reasons}
    )


def test_nothing_is_said_where_all_was_measured():
    assert unmeasured_section(rows([np.nan, np.nan])) == ""


def test_reasons_stand_once_with_their_runs():
    html = unmeasured_section(rows(["off by 1", "off by 1", np.nan, "not finite"]))
    assert "<li>a &lt;b&gt;: clean loss, total, 2 of its measurements: off by 1</li>" in html
    assert "1 of its measurements: not finite</li>" in html
