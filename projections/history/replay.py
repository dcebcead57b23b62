"""An order's events replayed one by one: what each did, the state after it, and whether current code still agrees.

An event's body keeps the digest of the document that the API answered with after it (``ledger.envelope.Envelope``).
So what current code makes of the events can be held against what was told at the time, version by version: a
difference comes from changed code (an upcaster, the fold, the form of the document), because the events themselves
are hashed.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import msgspec

from ledger.envelope import data_of, document_digest
from ledger.events import DomainEvent
from projections.history.changes import Change, Entry
from projections.history.difference import MemberChange, difference
from projections.history.document_shape import Plain, plain_document, read_document
from projections.order_document import Document, order_json


class Agreement(StrEnum):
    """Whether the document after an event is, under current code, the one that was answered with then."""

    SAME = "same"
    DIFFERS = "differs"
    NOT_RECORDED = "not_recorded"


class CodeCheck(Document, frozen=True, kw_only=True):
    """Current code held against what was recorded with one event.

    ``data`` are members of the event that current code reads otherwise than they are stored (``path``, what is
    stored, what is read). ``document`` is what differs in the order that is shown now; known for the newest version
    alone, since of the others only the digest was kept.
    """

    stored_schema: int
    current_schema: int
    answer: Agreement
    data: tuple[MemberChange, ...] = ()
    document: tuple[MemberChange, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether nothing would come out otherwise today."""
        return not self.data and not self.document and self.answer is not Agreement.DIFFERS


class Step(Document, frozen=True, kw_only=True):
    """One step of a replay: the change, the order after it, and the check where it was asked for."""

    change: Change
    order: Plain
    code: CodeCheck | None = None


def step(entry: Entry, *, with_current_code: bool = False, shown: bytes | None = None) -> Step:
    """The step of one event.

    Args:
        shown: the document that the view has of this version; None where it has another version.
    """
    check = check_code(entry, shown) if with_current_code else None
    return Step(change=entry.change(), order=plain_document(entry.after), code=check)


def check_code(entry: Entry, shown: bytes | None = None) -> CodeCheck:
    """Hold current code against what was recorded with an event. Arguments as for ``step``."""
    document = order_json(entry.after)
    recorded = entry.envelope.document
    answer = Agreement.NOT_RECORDED
    if recorded is not None:
        answer = Agreement.SAME if document_digest(document) == recorded else Agreement.DIFFERS
    changes: tuple[MemberChange, ...] = ()
    if shown is not None and shown != document:
        changes = difference(read_document(shown), plain_document(entry.after))
    return CodeCheck(
        stored_schema=entry.envelope.schema,
        current_schema=type(entry.event).class_version,
        answer=answer,
        data=tuple(_data_changes("", entry.envelope.data, _as_stored(entry.event))),
        document=changes,
    )


def _as_stored(event: DomainEvent) -> Any:
    """What current code would store of the event: JSON has lists only."""
    return msgspec.json.decode(msgspec.json.encode(data_of(event)))


def _data_changes(path: str, stored: Any, read: Any) -> Iterator[MemberChange]:
    """Where two plain values differ; lists are compared place by place."""
    if isinstance(stored, dict) and isinstance(read, dict):
        for name in sorted({*stored, *read}):
            yield from _data_changes(f"{path}.{name}" if path else name, stored.get(name), read.get(name))
    elif isinstance(stored, list) and isinstance(read, list) and len(stored) == len(read):
        for place, (before, after) in enumerate(zip(stored, read, strict=True)):
            yield from _data_changes(f"{path}[{place}]", before, after)
    elif stored != read:
        yield MemberChange(path=path, before=stored, after=read)
