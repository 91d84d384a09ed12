"""From the raw config to a checked :class:`Study`, or to one line that says what is wrong."""

from typing import Any

from pydantic import ValidationError

from advscape.errors import ConfigError
from advscape.study.checks import check_experiments
from advscape.study.config.study import Study
from advscape.study.data_checks import check_data
from advscape.study.problems import first_problem


def load_study(raw: dict[str, Any]) -> Study:
    """Validate a raw config and look that its data is there.

    Args:
        raw: the mapping read from YAML.

    Returns:
        The study, every default filled in.

    Raises:
        ConfigError: one line naming the key, the value and what is allowed; the first problem.
    """
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        problem = first_problem(error)
        raise problem from None
    except RecursionError:
        raise ConfigError("the config", "mappings or lists within each other", "fewer") from None
    check_experiments(study)
    check_data(study)
    return study
