"""Files of invoices: JSON lines, a JSON array, or JSON objects one after another, each with its line number."""

import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from ledger.limits import INVOICE_BYTES_MAX

# Decimals stay the text they are: a float has no canonical form.
_decoder = json.JSONDecoder(parse_float=str, parse_constant=str)
_BETWEEN = " \t\r\n,[]"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a file: an object, or the reason why there is none. ``line`` counts from 1."""

    line: int
    value: Any = None
    fault: str | None = None


def read_entries(file: IO[str]) -> Iterator[Entry]:
    """The entries of a file. JSON lines are read one at a time, anything else as a whole."""
    lines = enumerate(file, start=1)
    first = next(((number, line) for number, line in lines if line.strip()), None)
    if first is None:
        return
    if _is_object(first[1]):
        yield from _json_lines(itertools.chain([first], lines))
    else:
        yield from _whole(first[1] + "".join(line for _, line in lines), first_line=first[0])


def _is_object(line: str) -> bool:
    try:
        return isinstance(_decoder.decode(line.strip()), dict)
    except json.JSONDecodeError:
        return False


def _json_lines(lines: Iterable[tuple[int, str]]) -> Iterator[Entry]:
    for number, line in lines:
        if not line.strip():
            continue
        if len(line) > INVOICE_BYTES_MAX:
            yield Entry(number, fault=f"is longer than {INVOICE_BYTES_MAX} characters")
            continue
        try:
            yield Entry(number, _decoder.decode(line.strip()))
        except (json.JSONDecodeError, RecursionError) as error:
            yield Entry(number, fault=f"is not JSON: {error}")


def _whole(text: str, *, first_line: int) -> Iterator[Entry]:
    place, line = 0, first_line
    while True:
        start = place
        while place < len(text) and text[place] in _BETWEEN:
            place += 1
        line += text.count("\n", start, place)
        if place == len(text):
            return
        try:
            value, end = _decoder.raw_decode(text, place)
        except (json.JSONDecodeError, RecursionError) as error:
            # Behind a fault nobody knows where the next object begins.
            yield Entry(line, fault=f"is not JSON: {error}")
            return
        yield Entry(line, value)
        line += text.count("\n", place, end)
        place = end
