"""Whether the data of a study are there, as far as it can be seen without reading them."""

import zipfile
from pathlib import Path

from advscape.attacks.autoattack_images import needed_size
from advscape.data.catalogue import DATASETS, needed
from advscape.data.root import data_root
from advscape.data.shapes import npz_image_shape
from advscape.errors import ConfigError, shown
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
        missing = [name for name in wanted if not (root / name).is_file()]
        fetched = may_download and DATASETS[dataset.name].fetch is not None
        if missing and not fetched:
            key = "data_root"
            if not study.data_root:
                key += " (nothing set)" if may_download else " (from ADVSCAPE_DATA)"
            allowed = f"a folder that holds {missing[0]}, for {at} ({dataset.name})"
            given = study.data_root
            where = f" ({shown(given)})" if given and str(root) != given else ""
            raise ConfigError(key, shown(str(root)) + where, allowed)
        if dataset.path and not zipfile.is_zipfile(root / dataset.path):
            raise ConfigError(
                f"{at}.path",
                shown(dataset.path),
                f"an .npz file, which np.savez writes; {root / dataset.path} is none, or damaged",
            )
        if dataset.path and dataset.test_fraction is None and not _has_test(root / dataset.path):
            raise ConfigError(
                f"{at}.test_fraction",
                "nothing",
                f"a number between 0 and 1, since {dataset.path} holds no test_labels",
            )
        if dataset.path and isinstance(experiment, NetworkExperiment):
            _check_sizes(f"experiments[{i}]", experiment, npz_image_shape(root / dataset.path))


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


def _has_test(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "test_labels.npy" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return True  # damaged: the job that reads it says how
