"""Where the datasets lie."""

import os
from contextlib import suppress
from pathlib import Path

#: where torchvision's datasets are downloaded to when no data root is set
DOWNLOAD_ROOT = "data"


def data_root(configured: str | None) -> tuple[Path, bool]:
    """Folder of the datasets, absolute, and whether missing ones may be downloaded into it.

    Args:
        configured: the study's ``data_root``; the environment variable ADVSCAPE_DATA comes next.
            A relative one is in the working folder; ``~`` is the user's home.
    """
    given = configured or os.environ.get("ADVSCAPE_DATA")
    folder = Path(given or DOWNLOAD_ROOT)
    with suppress(RuntimeError):  # no such user, or no home: then it is a folder's name
        folder = folder.expanduser()
    return folder.absolute(), not given
