"""Where datasets come from: the reader of each is in its catalogue."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advscape.data.catalogue import DATASETS, needed
from advscape.data.prepared import Prepared
from advscape.errors import UserError, in_words
from advscape.references import imported

_LOG = logging.getLogger("advscape.data")


def load_source(
    name: str,
    path: str | None,
    root: Path,
    download: bool,
    options: Mapping[str, Any] | None = None,
) -> Prepared:
    """Read a dataset.

    Args:
        name: a dataset name of the config.
        path: of the user's own data, the file or folder relative to ``root``.
        root: the data root; only read, unless ``download``.
        download: whether missing files may be fetched into ``root``.
        options: what the config says beside of such a dataset.

    Raises:
        UserError: the files are missing, damaged, cannot be fetched, or do not hold what they
            should.
    """
    source = DATASETS[name]
    missing = [file for file in needed(name, path) if not (root / file).exists()]
    if missing and source.own is None:
        if source.fetch is None or not download:
            raise UserError(f"dataset {name}: {root} does not hold {missing[0]}")
        _download(name, source.fetch, root)
    data: Prepared = imported(source.read)(root, path, **(options or {}))
    return data


def _download(name: str, fetch: str, root: Path) -> None:
    _LOG.info("downloading %s into %s", name, root)
    try:
        imported(fetch)(name, root)
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"dataset {name}: cannot be downloaded into {root} ({in_words(error)}); "
            "put its files there, or set ADVSCAPE_DATA to a folder that holds them"
        ) from error
