"""What stands in a filter bar: qualifiers such as ``status:queued,on_hold`` or ``-type:manual``, and words.

A qualifier becomes the parameter of the API's list that means the same, and the list's own schema reads it: the
console shows exactly what the API answers.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from api.typed_moments import day_named
from ledger.errors import ParamWrongValue
from ledger.limits import CONSOLE_QUERY_LENGTH_MAX, INTEGER_MAX
from projections.history.moments import AtTime
from projections.visible_text import visible

Pair = tuple[str, str]

_token = re.compile(r'(-?[a-z]+):("[^"]*"|\S+)|"([^"]*)"|(\S+)')


@dataclass(frozen=True, slots=True)
class Chip:
    """A qualifier as it was typed, and the bar without it."""

    text: str
    without: str


@dataclass(frozen=True, slots=True)
class Token:
    """A qualifier with its name, or a word without one."""

    name: str | None
    value: str
    is_not: bool
    chip: Chip


def tokens(text: str) -> Iterator[Token]:
    """The qualifiers and words of a bar.

    Raises:
        ParamWrongValue: the bar is too long.
    """
    if len(text) > CONSOLE_QUERY_LENGTH_MAX:
        raise ParamWrongValue(f"The filter should not be longer than {CONSOLE_QUERY_LENGTH_MAX} characters")
    for found in _token.finditer(text):
        chip = Chip(found[0], " ".join((text[: found.start()] + text[found.end() :]).split()))
        if found[1]:
            yield Token(found[1].removeprefix("-"), found[2].strip('"'), found[1].startswith("-"), chip)
        elif word := found[3] if found[3] is not None else found[4]:
            yield Token(None, word, is_not=False, chip=chip)


def unknown(token: Token, known: Iterable[str]) -> ParamWrongValue:
    """Says which qualifiers there are."""
    return ParamWrongValue(f"There is no qualifier {visible(str(token.name), 40)}: there are {', '.join(known)}")


def equal_pair(field: str, token: Token) -> Pair:
    """``field[is]``, ``field[in]`` and their opposites."""
    if "," in token.value:
        values = token.value.replace('"', "").replace("\\", "").split(",")
        listed = ",".join(f'"{each}"' for each in values if each)
        return f"{field}[{'not_in' if token.is_not else 'in'}]", f"[{listed}]"
    return f"{field}[{'is_not' if token.is_not else 'is'}]", token.value


def time_pair(field: str, token: Token, zone: ZoneInfo) -> Pair:
    """``field[after]``, ``[before]`` or ``[between]`` of whole days in the zone, or of instants.

    Raises:
        ParamWrongValue: not a time.
    """
    text = token.value
    try:
        if text.startswith(">"):
            return f"{field}[after]", str(_seconds(text[1:], zone)[1])
        if text.startswith("<"):
            return f"{field}[before]", str(_seconds(text[1:], zone)[0])
        first, dots, last = text.partition("..")
        since, until = _seconds(first, zone)[0], _seconds(last if dots else first, zone)[1]
    except (ValueError, OverflowError):
        raise ParamWrongValue(
            f"{visible(text, 40)} is no time: it should be like 2026-11-22, >2026-11-22 or 2026-11-01..2026-11-22"
        ) from None
    return f"{field}[between]", f"[{since},{until}]"


def _seconds(text: str, zone: ZoneInfo) -> tuple[int, int]:
    """The first and last second of a day or an instant."""
    if ":" in text:
        second = AtTime.instant(text).until_ms // 1000
        return second, second
    first, last = day_named(text, zone)
    if not 0 <= first <= last <= INTEGER_MAX:
        raise ValueError(text)
    return first, last
