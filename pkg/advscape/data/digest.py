"""Data are their content: a digest of a dataset's files, whatever their names and dates.

Read at every start, so nothing here imports numpy. A file is read again only where its size, its
dates or its place on the disk have changed since it was read last.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from advscape.data.catalogue import DATASETS, needed
from advscape.data.listing import listing_digest
from advscape.errors import UserError

#: in the folder where Snakemake keeps its records
_CACHE = Path(".snakemake") / "advscape-digests.json"


def content_digest(name: str, path: str | None, root: Path, cache: Path | None = _CACHE) -> str:
    """Digest of a dataset's files, 32 hexadecimal digits; empty for one that needs no files.

    Args:
        name: a dataset name of the config.
        path: of the user's own data, the file or folder relative to ``root``. A folder's files are
            known by their names, sizes and dates.
        root: the data root. A published file that is not there yet counts with its published
            content, which is what a download brings.
        cache: a JSON file of digests of earlier starts; None reads every file.

    Raises:
        OSError: a file cannot be read.
    """
    published = DATASETS[name].files
    if DATASETS[name].own == "folder":
        return listing_digest(root / str(path))
    known = _Known(cache)
    digests = []
    for file in needed(name, path):
        place = root / file
        there = place.is_file() or file not in published
        digests.append((file if file in published else "", known.md5(place) if there
                        else published[file]))  # fmt: skip
    known.save()
    return hashlib.sha256(json.dumps(digests).encode()).hexdigest()[:32] if digests else ""


def file_digests(files: Iterable[Path], cache: Path | None = _CACHE) -> dict[Path, str]:
    """MD5 of each file, 32 hexadecimal digits.

    Args:
        files: they must be there.
        cache: as of :func:`content_digest`.

    Raises:
        OSError: a file cannot be read.
    """
    known = _Known(cache)
    digests = {file: known.md5(file) for file in files}
    known.save()
    return digests


def check_content(planned: str, name: str, path: str | None, root: Path) -> None:
    """See that the files that were read are those that the study was planned with.

    Raises:
        UserError: they have changed since.
    """
    if content_digest(name, path, root, cache=None) != planned:
        raise UserError(
            f"dataset {name}: its files in {root} have changed since the study was planned; "
            "start again"
        )


class _Known:
    """Digests of files by their absolute path, and what tells whether they have changed."""

    def __init__(self, cache: Path | None):
        self._cache, self._changed = cache, False
        self._entries: dict[str, list[Any]] = {}
        if cache is not None:
            try:
                found = json.loads(cache.read_text(encoding="utf-8"))
                self._entries = found if isinstance(found, dict) else {}
            except (OSError, ValueError):
                pass  # not there yet, or damaged: the files are read

    def md5(self, file: Path) -> str:
        """MD5 of a file, as the published digests are: to tell contents apart, no more."""
        stat = file.stat()
        state = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
        name = str(file.resolve())
        entry = self._entries.get(name)
        if isinstance(entry, list) and entry[:-1] == state:
            return str(entry[-1])
        with open(file, "rb") as stream:
            digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False))
        self._entries[name] = [*state, digest.hexdigest()]
        self._changed = True
        return digest.hexdigest()

    def save(self) -> None:
        """Keep the digests for the next start; where that cannot be, it reads the files again."""
        if not self._changed or self._cache is None:
            return
        temporary = self._cache.with_name(f"{self._cache.name}.{os.getpid()}")
        try:
            temporary.write_text(json.dumps(self._entries), encoding="utf-8")
            temporary.replace(self._cache)
        except OSError:
            pass
