"""Where the datasets lie."""

import os
from pathlib import Path

#: where torchvision's datasets are downloaded to when no data root is set
DOWNLOAD_ROOT = "data"


def data_root(configured: str | None) -> tuple[Path, bool]:
    """Folder of the datasets, and whether missing ones may be downloaded into it.

    Args:
        configured: the study's ``data_root``; the environment variable ADVSCAPE_DATA comes next.
    """
    given = configured or os.environ.get("ADVSCAPE_DATA")
    return (Path(given), False) if given else (Path(DOWNLOAD_ROOT), True)
