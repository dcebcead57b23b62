"""Ranges of time that commands are given."""

from ledger.errors import ParamWrongValue
from projections.history.moments import read_instant_ms
from projections.listing import Filter, Operator
from projections.visible_text import visible


def seconds_between(field: str, *, since: str | None, until: str | None) -> list[Filter]:
    """The filters for ``--since`` and ``--until``, in RFC 3339. Times are compared in whole seconds, as everywhere.

    Raises:
        ParamWrongValue: a text that is no time.
    """
    filters = []
    if since is not None:
        filters.append(Filter(field, Operator.AFTER, (_second(since, "--since") - 1,)))
    if until is not None:
        filters.append(Filter(field, Operator.BEFORE, (_second(until, "--until") + 1,)))
    return filters


def _second(text: str, option: str) -> int:
    try:
        return read_instant_ms(text) // 1000
    except ValueError:
        raise ParamWrongValue(
            f"{visible(text, 80)} is no time: it should be like 2026-01-05T09:30:00Z", param=option
        ) from None
