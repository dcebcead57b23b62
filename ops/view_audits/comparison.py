"""What all comparisons of a view share: the protocol, and the merge of rows that are shown with rows that must be."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from ledger.transparency.log_audit import NamedFault
from projections.rebuild.comparison import Finding

Row = tuple[Any, ...]
Part_contra = TypeVar("Part_contra", contravariant=True)


class Comparison(Protocol[Part_contra]):
    """One view beside the log. It is handed pages until they end, or until there is a fault.

    What a page is made of is either events, in the order of the log, or whole orders, in the order of their ids.

    ``rows`` is how many rows of the view were found to be right, ``position`` how far in the log it has come, and
    ``parked`` how many orders it has rightly put aside.
    """

    view: str
    position: int
    rows: int
    parked: int
    fault: NamedFault | None

    async def take(self, page: Sequence[Part_contra], *, is_last: bool) -> None:
        """Compare what the next page comes to. The last page is empty: what the view has left is too many."""


def unequal(
    shown: Sequence[Row], expected: Sequence[Row], key: Callable[[Row], Any]
) -> Iterator[tuple[Row | None, Row | None]]:
    """Rows that are other than they must be, beside what they must be; None for one that is missing, or too many.

    Args:
        shown: in the order of the key, which may come twice.
        expected: in the order of the key, which comes once.
    """
    if shown == expected:
        return
    left = iter(shown)
    found = next(left, None)
    for row in expected:
        while found is not None and key(found) < key(row):
            yield found, None
            found = next(left, None)
        if found is None or key(found) != key(row):
            yield None, row
            continue
        if found != row:
            yield found, row
        found = next(left, None)
    while found is not None:
        yield found, None
        found = next(left, None)


def finding_of(shown: Row | None, expected: Row | None) -> Finding:
    """What is the matter with a row."""
    if shown is None:
        return Finding.MISSING
    return Finding.GHOST if expected is None else Finding.DIFFERS


def first_difference(columns: Sequence[str], shown: Row | None, expected: Row | None) -> dict[str, str]:
    """The first column that differs, with both values; nothing where one of the rows is not there."""
    if shown is None or expected is None:
        return {}
    for column, ours, theirs in zip(columns, shown, expected, strict=True):
        if ours != theirs:
            return {"column": column, "shown": _text(ours), "expected": _text(theirs)}
    raise AssertionError("the rows are equal")


def _text(value: Any) -> str:
    """Members of enums as the plain text that is stored."""
    return repr(str(value) if isinstance(value, str) else value)
