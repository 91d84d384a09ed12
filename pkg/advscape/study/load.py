"""From the raw config to a checked :class:`Study`, or to one line that says what is wrong."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from advscape.errors import ConfigError
from advscape.study.checkpoint_checks import check_checkpoints
from advscape.study.checks import check_experiments
from advscape.study.config.study import Study
from advscape.study.data_checks import check_data
from advscape.study.given import given_of
from advscape.study.problems import first_problem


def load_study(raw: dict[str, Any], folders: Sequence[Path] = ()) -> Study:
    """Validate a raw config and look that its data and its checkpoints are there.

    Args:
        raw: the mapping read from YAML.
        folders: where checkpoints are looked for, beside the working folder.

    Returns:
        The study, every default filled in.

    Raises:
        ConfigError: one line naming the key, the value and what is allowed; the first problem.
        UserError: a checkpoint cannot be read, or does not fit its network.
    """
    try:
        study = Study.model_validate(raw)
    except ValidationError as error:
        problem = first_problem(error)
        raise problem from None
    except RecursionError:
        raise ConfigError("the config", "mappings or lists within each other", "fewer") from None
    given = given_of(study, folders)
    check_experiments(study, given)
    check_data(study)
    check_checkpoints(study, given)
    return study
