"""Python imports this at its start: one of each kind is added to the catalogues, from outside."""

import sys
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent
sys.path.append(str(HERE))

from advscape.data.catalogue import DATASETS, Source  # noqa: E402
from advscape.landscape.catalogue import DIRECTIONS, DirectionKind  # noqa: E402
from advscape.sharpness.catalogue import MEASURES, Measure  # noqa: E402
from advscape.statistics.rules import RULES, Rule  # noqa: E402
from advscape.study.config.attack import ATTACKS, AttackSection  # noqa: E402
from advscape.study.config.model import MODELS, ModelSection  # noqa: E402
from advscape.study.config.objective import OBJECTIVES, ObjectiveSection  # noqa: E402
from advscape.study.config.schedule import SCHEDULES, ScheduleSection  # noqa: E402
from advscape.study.config.section import Count, Positive  # noqa: E402

DATASETS["stripes"] = Source("kinds:stripes", classes=3, official_test=False)


class Perceptron(ModelSection):
    """One hidden layer."""

    made_by = "kinds:perceptron"
    name: Literal["perceptron"]
    hidden: Count = 8

    @property
    def label(self) -> str:
        """What tables call it."""
        return f"perceptron-{self.hidden}"


MODELS["perceptron"] = Perceptron


class Halfway(AttackSection):
    """Random noise of half the radius."""

    made_by = "kinds:halfway"
    name: Literal["halfway"]
    share: Positive = 0.5


ATTACKS["halfway"] = Halfway
MEASURES["shrunk"] = Measure(
    label="shrunk weights",
    family="shrunk",
    function="kinds:shrunk",
    definition="L((1 - rho) w) - L(w)",
    source="nobody",
    settings=("balls",),
)
DIRECTIONS["weights"] = DirectionKind("kinds:weights", lines="one")
RULES["shrinks"] = Rule(
    effects="advscape.statistics.effects:along",
    test="kinds:shrinks",
    side="below",
    keys=("along", "ratio"),
    criterion="every seed's ratio lies {side}",
    description="every seed's ratio lies below `ratio`.",
)


class Squared(ObjectiveSection):
    """Mean squared error on attacked inputs."""

    made_by = "kinds:squared"
    name: Literal["squared"]
    scale: Positive = 1.0


OBJECTIVES["squared"] = Squared


class Constant(ScheduleSection):
    """No course at all."""

    made_by = "kinds:constant"
    name: Literal["constant"]


SCHEDULES["constant"] = Constant

# it imports the experiments, which read the catalogues above
from advscape.study.figures import FIGURES, Figure  # noqa: E402

FIGURES["losses"] = Figure(
    "kinds:losses_figure",
    ("runs",),
    "Training",
    ("title",),
    caption=str(HERE / "losses.rst"),
)
