"""Files appear whole or not at all: written beside their place and renamed into it."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from advscape.errors import UserError

#: the disk is full, or this is no place to write: nothing that a traceback would explain
_REFUSALS = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM,
}  # fmt: skip


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block ends well.

    The temporary keeps the suffix, since libraries choose a format by it.

    Raises:
        UserError: the disk is full, or the folder must not be written to; an old file stays.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        mode = temporary.stat().st_mode
        yield temporary
        temporary.chmod(mode)  # what the user's umask says; safetensors would keep others out
        os.replace(temporary, target)
    except Exception as error:
        code = _error_number(error)
        if code not in _REFUSALS:
            raise
        raise UserError(f"cannot write {target}: {os.strerror(code)}") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _error_number(error: Exception) -> int | None:
    if isinstance(error, OSError):
        return error.errno
    if isinstance(error, SafetensorError):  # has it in its words only
        found = re.search(r"os error (\d+)|code: (\d+)", str(error))
        return found and int(found[1] or found[2])
    return None
