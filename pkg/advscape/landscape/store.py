"""Results on disk, point by point, so that a killed job goes on where it was."""

import json
import os
import zlib
from pathlib import Path
from typing import Any

from advscape.machine.atomic import write_text


class PointStore:
    """A file of one JSON line per finished point, after one that says what they are points of.

    A line is on disk before the next point starts. What a crash cut short, or a disk damaged, is
    measured again: each line begins with its checksum.
    Floats read back as the same floats.
    """

    def __init__(self, path: str | Path, key: str):
        """Take up what a job of the same ``key`` left; anything else is dropped."""
        self._path = Path(path)
        self._done: dict[int, Any] = {}
        head, *lines = self._lines() or [None]
        if head == key:
            self._done = {point: result for point, result in lines}
        # written again: a line that a crash cut short must not run into the next one
        write_text(self._path, "".join(map(_line, [key, *self._done.items()])))

    def __len__(self) -> int:
        """Points that are there."""
        return len(self._done)

    def get(self, point: int) -> Any:
        """The result of a point, None where it is not there."""
        return self._done.get(point)

    def put(self, point: int, result: Any) -> None:
        """Keep a result, anything that JSON holds."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line((point, result)))
            file.flush()
            os.fsync(file.fileno())
        self._done[point] = result

    def _lines(self) -> list[Any]:
        """What the lines hold, up to the first that is not whole."""
        found: list[Any] = []
        try:
            content = self._path.read_bytes()
        except OSError:
            return found  # there is no file
        for line in content.splitlines(keepends=True):
            checksum, _, text = line.partition(b" ")
            if not text.endswith(b"\n") or checksum != _checksum(text):
                break
            found.append(json.loads(text))
        return found


def _line(item: Any) -> str:
    text = json.dumps(item) + "\n"
    return f"{_checksum(text.encode()).decode()} {text}"


def _checksum(text: bytes) -> bytes:
    return b"%08x" % zlib.crc32(text)
