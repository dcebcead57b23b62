"""A view beside what the log says: which rows differ, in which members, and a digest of either side."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from projections.history.difference import MemberChange, difference
from projections.rebuild.folding import COLUMNS, TrueRow

_DOCUMENT = COLUMNS.index("document")
_encoder = msgspec.msgpack.Encoder()

Values = tuple[Any, ...]
"""A row of the order view by ``COLUMNS``."""


class Finding(StrEnum):
    """How a row of the view can be other than the log says."""

    DIFFERS = "differs"
    MISSING = "missing"
    GHOST = "ghost"


@dataclass(frozen=True, slots=True)
class RowDifference:
    """An order whose row is not what its events come to. ``shown`` is the view's row, ``truth`` the log's."""

    order_id: str
    shown: Values | None
    truth: Values | None

    @property
    def finding(self) -> Finding:
        """What is the matter with the row."""
        if self.shown is None:
            return Finding.MISSING
        return Finding.GHOST if self.truth is None else Finding.DIFFERS

    @property
    def changes(self) -> tuple[MemberChange, ...]:
        """What the rebuild changes in the row: members of the document first, then other columns (``column.name``)."""
        return (*self._document_changes(), *self._column_changes())

    def _document_changes(self) -> tuple[MemberChange, ...]:
        before, after = _document(self.shown), _document(self.truth)
        if isinstance(before, dict) and isinstance(after, dict):
            changes = difference(before, after)
            if changes or self.shown is None or self.truth is None or self._equal("document"):
                return changes
        if before == after and self._equal("document"):
            return ()
        return (MemberChange(path="document", before=_text(self.shown), after=_text(self.truth)),)

    def _column_changes(self) -> tuple[MemberChange, ...]:
        if self.shown is None or self.truth is None:
            return ()
        return tuple(
            MemberChange(path=f"column.{name}", before=_plain(before), after=_plain(after))
            for name, before, after in zip(COLUMNS, self.shown, self.truth, strict=True)
            if name != "document" and before != after
        )

    def _equal(self, column: str) -> bool:
        place = COLUMNS.index(column)
        return bool(self.shown and self.truth and self.shown[place] == self.truth[place])


@dataclass(slots=True)
class ViewDigest:
    """SHA-256 over the rows of a view in the order of their ids."""

    rows: int = 0
    _hash: Any = field(default_factory=hashlib.sha256)

    def add(self, values: Values) -> None:
        """Take the next row."""
        self.rows += 1
        self._hash.update(_encoder.encode(values))

    def hex(self) -> str:
        """The digest of the rows so far."""
        return str(self._hash.hexdigest())


def compare(order_id: str, shown: Sequence[Any] | None, truth: TrueRow | None) -> RowDifference | None:
    """How a row of the view differs from what the log says; None where it does not, and where there is neither."""
    ours = tuple(shown) if shown is not None else None
    theirs = truth.values if truth else None
    return None if ours == theirs else RowDifference(order_id, ours, theirs)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, StrEnum) else value


def _document(values: Values | None) -> Any:
    if values is None:
        return {}
    try:
        return msgspec.json.decode(values[_DOCUMENT])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _text(values: Values | None) -> str | None:
    return values[_DOCUMENT].decode("utf-8", "replace") if values else None
