"""Results on disk, point by point, so that a killed job goes on where it was."""

import json
import os
from pathlib import Path
from typing import Any

from advscape.machine.atomic import write_text


class PointStore:
    """A file of one JSON line per finished point, after one that says what they are points of.

    A line is on disk before the next point starts. What a crash cut short is measured again.
    Floats read back as the same floats.
    """

    def __init__(self, path: str | Path, key: str):
        """Take up what a job of the same ``key`` left; anything else is dropped."""
        self._path = Path(path)
        self._done: dict[int, Any] = {}
        head, *lines = self._lines() or [None]
        if head == key:
            self._done = {point: result for point, result in lines}
        # written anew: a line that a crash cut short must not run into the next one
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
        found = []
        try:
            for line in self._path.read_text(encoding="utf-8").splitlines(keepends=True):
                found.append(json.loads(line if line.endswith("\n") else ""))
        except (OSError, ValueError):
            pass  # the last line was cut short, or there is no file
        return found


def _line(item: Any) -> str:
    return json.dumps(item) + "\n"
