"""What one command writes, and how a batch of commands becomes the arguments of the append function.

The function is ``sql/schema/004_append_1.sql``; the letters of its arguments are explained there.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from ledger.envelope import SealedEvent
from ledger.ids import Site, StreamId


class Expected(msgspec.Struct, frozen=True):
    """The version that a stream must be at, and the id of the first event to be added behind it."""

    stream: StreamId
    version: int
    event_id: str


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """The row of the order view, without its position. ``document`` is the order as the API sends it."""

    stream: StreamId
    id: str
    version: int
    deleted: bool
    status: str
    order_type: str
    invoice_id: str
    subscription_id: str | None
    original_order_id: str | None
    document_number: str | None
    business_entity_id: str | None
    resent_status: str | None
    is_resent: bool
    created_at: int
    updated_at: int
    order_date: int | None
    shipping_date: int | None
    shipped_at: int | None
    paid_on: int | None
    document: bytes


class NumberGiven(msgspec.Struct, frozen=True):
    """A number that is now in use: its series continues behind it."""

    series: str
    value: int


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a request with an idempotency key. ``digest`` is the SHA-256 of what makes requests the same."""

    key: str
    digest: bytes
    status: int
    body: bytes
    expires_at: int


class Append(msgspec.Struct, frozen=True, kw_only=True):
    """All that one command writes: everything or nothing. Without events it only keeps an answer."""

    site: Site
    events: tuple[SealedEvent, ...] = ()
    rows: tuple[OrderRow, ...] = ()
    numbers: tuple[NumberGiven, ...] = ()
    answer: Answer | None = None

    @property
    def expected(self) -> Iterable[Expected]:
        """One expectation per stream: that it is right before the first event for it."""
        streams: set[StreamId] = set()
        for event in self.events:
            if event.stream not in streams:
                streams.add(event.stream)
                yield Expected(event.stream, event.version - 1, event.event_id)

    @property
    def size(self) -> int:
        """Bytes of its bodies and documents, to bound a batch."""
        return sum(len(event.body) for event in self.events) + sum(len(row.document) for row in self.rows)


class Outcome(StrEnum):
    """What became of a command (``sql/schema/004_append_1.sql``)."""

    APPENDED = "appended"
    CONFLICT = "conflict"
    ANSWERED = "answered"


_ROW_MEMBERS = OrderRow.__struct_fields__


def append_arguments(site: Site, now_ms: int, appends: Sequence[Append]) -> list[Any]:
    """Arguments of ``ledger.append_1`` for a batch of one site."""
    numbered = list(enumerate(appends, start=1))
    expected = [(number, *_fields(each)) for number, append in numbered for each in append.expected]
    events = [(number, *_fields(event)) for number, append in numbered for event in append.events]
    rows = [(number, *_fields(row)) for number, append in numbered for row in append.rows]
    numbers = [(number, *_fields(given)) for number, append in numbered for given in append.numbers]
    answers = [(number, *_fields(append.answer)) for number, append in numbered if append.answer]
    return [
        site,
        now_ms,
        len(appends),
        *_columns(expected, 1 + len(Expected.__struct_fields__)),
        *_columns(events, 1 + len(SealedEvent.__struct_fields__)),
        *_columns(rows, 1 + len(_ROW_MEMBERS)),
        *_columns(numbers, 1 + len(NumberGiven.__struct_fields__)),
        *_columns(answers, 1 + len(Answer.__struct_fields__)),
    ]


def _fields(struct: msgspec.Struct) -> tuple[Any, ...]:
    return tuple(getattr(struct, name) for name in struct.__struct_fields__)


def _columns(rows: list[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
