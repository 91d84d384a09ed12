"""The measures of sharpness: config, figure and documents take them from here; no imports.

A measure's function is called once for all of its measures that are asked for, so that they can
share their draws, with a :class:`advscape.sharpness.network.TrainedNetwork`, their names, and by
name the keys of the config's section ``sharpness`` that the measure has in ``settings``. It yields
:class:`advscape.sharpness.network.Found`.
"""

from dataclasses import dataclass
from functools import partial


@dataclass(frozen=True)
class Measure:
    """A measure of sharpness.

    Attributes:
        label: in figures.
        family: figures have a row of panels for each.
        function: ``module:name`` of what measures it.
        definition: in words, for the documentation.
        source: the paper.
        settings: keys of the config's section ``sharpness`` that the function takes.
        ascent: of a measure that is the best of ascents, the one of these keys whose section has
            their ``steps`` and ``restarts``: a study is told how near a longer ascent they come.
    """

    label: str
    family: str
    function: str
    definition: str
    source: str
    settings: tuple[str, ...] = ()
    ascent: str | None = None


_ANDRIUSHCHENKO = "Andriushchenko et al. 2023, arXiv 2302.07011"
_STUTZ = "Stutz et al. 2021, arXiv 2104.04448"

#: what one function measures, with shared draws
_RISE = partial(
    Measure,
    function="advscape.sharpness.rises:rises",
    settings=("balls", "average", "worst"),
)

#: by name, in the order of the table's rows and the figure's panels
MEASURES: dict[str, Measure] = {
    "average": _RISE(
        label="average",
        family="plain",
        source=_ANDRIUSHCHENKO,
        definition="mean of L(w + c u) - L(w) over random u, with c = 1; `l2`: u is Gaussian with "
        "standard deviation rho; `linf`: u is uniform in [-rho, rho]",
    ),
    "worst": _RISE(
        label="worst case",
        ascent="worst",
        family="plain",
        source=f"{_ANDRIUSHCHENKO}; here the steps are steepest in u",
        definition="maximum of L(w + c u) - L(w) over u of norm at most rho, with c = 1; a lower "
        "bound of it, found by Auto-PGD",
    ),
    "adaptive_average": _RISE(
        label="adaptive, average",
        family="adaptive",
        source=_ANDRIUSHCHENKO,
        definition="as `average`, with c = |w|, weight by weight",
    ),
    "adaptive_worst": _RISE(
        label="adaptive, worst case",
        ascent="worst",
        family="adaptive",
        source=_ANDRIUSHCHENKO,
        definition="as `worst`, with c = |w|, weight by weight",
    ),
    "normalised_average": _RISE(
        label="adaptive, average,\nnormalised logits",
        family="normalised",
        source=f"{_ANDRIUSHCHENKO}, as in the authors' code",
        definition="as `adaptive_average`, of logits centred and scaled to length 1 in each sample",
    ),
    "normalised_worst": _RISE(
        label="adaptive, worst case,\nnormalised logits",
        ascent="worst",
        family="normalised",
        source=f"{_ANDRIUSHCHENKO}, as in the authors' code",
        definition="as `adaptive_worst`, of logits centred and scaled to length 1 in each sample",
    ),
    "robust_average": Measure(
        label="robust flatness, average",
        family="robust",
        function="advscape.sharpness.robust_flatness:robust_average",
        settings=("robust_average",),
        source=f"{_STUTZ}, equation 3",
        definition="mean of the robust loss at w + v minus that at w; v is uniform, in each layer "
        "at most xi times the layer's length; the attack is run again at each weight; parameters "
        "of batch norm stay",
    ),
    "robust_worst": Measure(
        label="robust flatness, worst case",
        family="robust",
        function="advscape.sharpness.robust_flatness:robust_worst",
        settings=("robust_worst",),
        ascent="robust_worst",
        source=f"{_STUTZ}, equation 5",
        definition="the largest such rise, at weights that climbed together with the noise",
    ),
    "weight_curvature": Measure(
        label="weight-curvature index",
        family="robust",
        function="advscape.sharpness.weight_curvature:weight_curvature",
        settings=("weight_curvature",),
        source="Xu and Zhang 2024, arXiv 2410.07719; the "
        "square root is our reading of a text that we could not see in full",
        definition="sum over weight matrices of sqrt(|W|^2 trace), with the trace of the "
        "matrix's block of the Hessian, the noise held fixed; a negative estimate counts as 0",
    ),
}
