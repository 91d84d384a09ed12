"""Whether the data of a study are there, as far as it can be seen without reading them."""

from advscape.attacks.autoattack_images import needed_size
from advscape.data.catalogue import DATASETS, needed
from advscape.data.inspect import Seen
from advscape.data.root import data_root
from advscape.errors import ConfigError, UserError, shown
from advscape.references import imported
from advscape.study.config.study import NetworkExperiment, Study


def check_data(study: Study) -> None:
    """Look that the data are there, and fit what is asked of them.

    Raises:
        ConfigError: the first problem.
    """
    root, may_download = data_root(study.data_root)
    for i, experiment in enumerate(study.experiments):
        dataset = experiment.dataset
        at = f"experiments[{i}].dataset"
        wanted = needed(dataset.name, dataset.path)
        missing = [name for name in wanted if not (root / name).exists()]
        fetched = may_download and DATASETS[dataset.name].fetch is not None
        if missing and not fetched:
            key = "data_root"
            if not study.data_root:
                key += " (nothing set)" if may_download else " (from ADVSCAPE_DATA)"
            if dataset.path is not None and root.is_dir():
                allowed = f"a {DATASETS[dataset.name].own} in {root}, the {key}"
                raise ConfigError(f"{at}.path", shown(dataset.path), allowed)
            allowed = f"a folder that holds {missing[0]}, for {at} ({dataset.name})"
            given = study.data_root
            where = f" ({shown(given)})" if given and str(root) != given else ""
            raise ConfigError(key, shown(str(root)) + where, allowed)
        inspect = DATASETS[dataset.name].inspect
        if inspect is None or dataset.path is None:
            continue
        try:
            seen: Seen = imported(inspect)(root / dataset.path, dataset.options)
        except (UserError, OSError) as problem:
            raise ConfigError(f"{at}.path", shown(dataset.path), str(problem)) from None
        if dataset.test_fraction is None and not seen.has_test:
            what = "test_images" if dataset.name == "npz" else "test set"
            raise ConfigError(
                f"{at}.test_fraction",
                "nothing",
                f"a number between 0 and 1, since {dataset.path} holds no {what}",
            )
        if isinstance(experiment, NetworkExperiment):
            _check_sizes(f"experiments[{i}]", experiment, seen.shape)


def _check_sizes(
    at: str, experiment: NetworkExperiment, shape: tuple[int, int, int] | None
) -> None:
    """AutoAttack cannot take images of every size; those of the named datasets it can.

    Raises:
        ConfigError: it cannot.
    """
    for j, attack in enumerate(experiment.evaluation.attacks):
        if attack.name == "autoattack" and shape is not None:
            needed = needed_size(shape, experiment.threat.norm)
            if needed:
                given = f"'autoattack' for images of {shape[1]} x {shape[2]} pixels with norm l2"
                raise ConfigError(f"{at}.evaluation.attacks[{j}].name", given, needed)
