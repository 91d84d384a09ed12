"""The measures of sharpness: config, stage and figure take them from here; it imports nothing.

A measure's function is called once for all of its measures that are asked for, so that they can
share their draws, with a :class:`advscape.sharpness.network.TrainedNetwork`, their names, and by
name the keys of the config's section ``sharpness`` that the measure has in ``settings``. It yields
:class:`advscape.sharpness.network.Found`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A measure of sharpness.

    Attributes:
        label: in figures.
        family: figures have a row of panels for each.
        function: ``module:name`` of what measures it.
        source: the paper.
        settings: keys of the config's section ``sharpness`` that the function takes.
    """

    label: str
    family: str
    function: str
    source: str
    settings: tuple[str, ...] = ()


_RISES = "advscape.sharpness.rises:rises"
_RISES_SETTINGS = ("balls", "average", "worst")
_ANDRIUSHCHENKO = "Andriushchenko et al. 2023, arXiv 2302.07011"
_STUTZ = "Stutz et al. 2021, arXiv 2104.04448"

#: by name, in the order of the table's rows and the figure's panels
MEASURES: dict[str, Measure] = {
    "average": Measure("average", "plain", _RISES, _ANDRIUSHCHENKO, _RISES_SETTINGS),
    "worst": Measure("worst case", "plain", _RISES, _ANDRIUSHCHENKO, _RISES_SETTINGS),
    "adaptive_average": Measure(
        "adaptive, average", "adaptive", _RISES, _ANDRIUSHCHENKO, _RISES_SETTINGS
    ),
    "adaptive_worst": Measure(
        "adaptive, worst case", "adaptive", _RISES, _ANDRIUSHCHENKO, _RISES_SETTINGS
    ),
    "normalised_average": Measure(
        "adaptive, average,\nnormalised logits",
        "normalised", _RISES, _ANDRIUSHCHENKO, _RISES_SETTINGS,
    ),
    "normalised_worst": Measure(
        "adaptive, worst case,\nnormalised logits",
        "normalised", _RISES, _ANDRIUSHCHENKO, _RISES_SETTINGS,
    ),
    "robust_average": Measure(
        "robust flatness, average",
        "robust", "advscape.sharpness.robust_flatness:robust_average", _STUTZ, ("robust_average",),
    ),
    "robust_worst": Measure(
        "robust flatness, worst case",
        "robust", "advscape.sharpness.robust_flatness:robust_worst", _STUTZ, ("robust_worst",),
    ),
    "weight_curvature": Measure(
        "weight-curvature index",
        "robust",
        "advscape.sharpness.weight_curvature:weight_curvature",
        "Xu and Zhang 2024, arXiv 2410.07719",
        ("weight_curvature",),
    ),
}  # fmt: skip
