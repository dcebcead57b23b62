"""What a history can be asked for: filters, direction and page, as data, and whether an entry passes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from projections.history.changes import Entry
from projections.history.difference import touched_paths
from projections.listing import Filter, Operator


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryQuery:
    """One page of a history. All filters must hold.

    Args:
        behind: the version behind which the page starts, in its direction; None at the beginning.
    """

    filters: tuple[Filter, ...] = ()
    descending: bool = False
    limit: int = 10
    behind: int | None = None


def passes(entry: Entry, query: HistoryQuery) -> bool:
    """Whether all filters hold. The difference is made only where all filters on other things do."""
    paths = [each for each in query.filters if each.field == _PATH]
    others = (each for each in query.filters if each.field != _PATH)
    return all(_holds(entry, each) for each in others) and all(_touches(entry, each) for each in paths)


_PATH = "path"
_VALUES: dict[str, Callable[[Entry], Any]] = {
    "type": lambda entry: entry.record.type,
    "actor": lambda entry: entry.envelope.metadata.actor,
    "source": lambda entry: entry.envelope.metadata.source,
    "request_id": lambda entry: entry.envelope.metadata.request_id,
    "recorded_at": lambda entry: entry.record.recorded_at // 1000,
    "version": lambda entry: entry.record.version,
}
FILTERED = frozenset({*_VALUES, _PATH})


def _holds(entry: Entry, wanted: Filter) -> bool:
    value = _VALUES[wanted.field](entry)
    first: Any = wanted.values[0]
    match wanted.operator:
        case Operator.IS | Operator.IN:
            return value in wanted.values
        case Operator.IS_NOT | Operator.NOT_IN:
            return value not in wanted.values
        case Operator.AFTER:
            return bool(value > first)
        case Operator.BEFORE:
            return bool(value < first)
        case Operator.ON | Operator.BETWEEN:
            return bool(first <= value <= wanted.values[1])
    raise AssertionError(f"{wanted.field} has no operator {wanted.operator}")


def _touches(entry: Entry, wanted: Filter) -> bool:
    paths = touched_paths(entry.differences)
    text = str(wanted.values[0])
    if wanted.operator is Operator.STARTS_WITH:
        return any(path.startswith(text) for path in paths)
    return text in paths
