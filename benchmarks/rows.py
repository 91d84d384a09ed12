"""What a benchmark hands over: for each peer whether the answers agree, and then the ratios."""

import argparse
import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from advscape.machine.atomic import write_text


@dataclass(frozen=True)
class Row:
    """A peer beside ours.

    Attributes:
        compared: what was computed.
        peer: who else computed it.
        agree: whether the answers agree; None where the peer gave none.
        answers: how far they are apart, and how far they may be; or why there are none.
        ratios: the peer's seconds over ours, turn by turn; none where answers do not agree, since
            times of different things are not compared.
    """

    compared: str
    peer: str
    agree: bool | None
    answers: str
    ratios: tuple[float, ...] = ()

    def __post_init__(self):
        if self.ratios and not self.agree:
            raise ValueError(f"{self.compared}, {self.peer}: ratios of answers that do not agree")

    def __str__(self):
        return f"{self.compared}, {self.peer}: {self.faster}; {self.answers}"

    @property
    def faster(self) -> str:
        """Median and range of the ratios in words."""
        if not self.ratios:
            return {None: "no answer", False: "**other answer**", True: "not timed"}[self.agree]
        numbers = statistics.median(self.ratios), min(self.ratios), max(self.ratios)
        return "{} ({} to {})".format(*(f"{number:.3g}" for number in numbers))


def judged(
    compared: str, peer: str, agree: bool, answers: str, ratios: Sequence[float] = ()
) -> Row:
    """A row, without the ratios where answers do not agree."""
    return Row(compared, peer, bool(agree), answers, tuple(ratios) if agree else ())


def answering(
    compared: str, peers: dict[str, Callable[[], object]]
) -> tuple[dict[str, object], list[Row]]:
    """Call each peer once, which warms it up too.

    Args:
        compared: what they compute.
        peers: what to call, by name; it imports what it needs.

    Returns:
        Their answers by name, and a row for each that gives none.
    """
    answers, missing = {}, []
    for name, call in peers.items():
        try:
            answers[name] = call()
        except ModuleNotFoundError as error:
            missing.append(Row(compared, name, None, f"not installed: {error.name}"))
        except Exception as error:  # whatever the peer's code raises
            missing.append(Row(compared, name, None, f"{type(error).__name__}: {error}"))
    return answers, missing


def parser(description: str) -> argparse.ArgumentParser:
    """The options that all benchmarks have."""
    found = argparse.ArgumentParser(description=description.splitlines()[0])
    found.add_argument("--threads", type=int, default=2)
    found.add_argument("--json", type=Path, help="a file for the rows, as `make bench` wants them")
    return found


def hand_over(rows: list[Row], file: Path | None) -> None:
    """Print the rows, and write them where a file is asked for."""
    for row in rows:
        print(row, flush=True)
    if file is not None:
        write(file, [asdict(row) for row in rows])


def write(file: Path, content: object) -> None:
    """Write JSON."""
    write_text(file, json.dumps(content, indent=1) + "\n")


def read(records: list[dict]) -> list[Row]:
    """Rows from their records."""
    return [Row(**{**record, "ratios": tuple(record["ratios"])}) for record in records]
