"""Errors whose message is meant for the user: one line, no traceback."""


class UserError(Exception):
    """Something the user can mend; ``str(error)`` is one line that says what and how."""


class ConfigError(UserError):
    """A key of the study's config is unknown, missing, or has a value that is not allowed."""

    def __init__(self, key: str, got: str, allowed: str):
        """Word the line from the key's path, what was given and what is allowed."""
        super().__init__(f"config: {key}: got {got}; allowed: {allowed}")
        self.key, self.got, self.allowed = key, got, allowed


def shown(value: object, limit: int = 80) -> str:
    """A value as an error line shows it: its repr, cut where it is long; None is "nothing"."""
    try:
        text = "nothing" if value is None else repr(value)
    except ValueError:  # Python does not write out integers of thousands of digits
        text = "a number of thousands of digits"
    return text if len(text) <= limit else text[: limit - 3] + "..."


def in_words(error: Exception) -> str:
    """An error of somebody else's code in one line: its kind, and the first line that it says."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"
