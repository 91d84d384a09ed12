"""What a call is refused with."""

from collections.abc import Callable

from advscape.errors import UserError


def refusal(call: Callable[[], object]) -> str | None:
    """The line of a UserError, which it has to be; None where the call goes well."""
    try:
        call()
    except UserError as error:
        line = str(error)
        if "\n" in line:
            raise AssertionError(f"more than one line: {line!r}") from error
        return line
    return None
