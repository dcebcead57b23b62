"""What one command writes, and how a batch of commands becomes the arguments of the append function.

The function is ``sql/schema/027_append_2.sql``; the letters of its arguments are explained there.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

import asyncpg
import msgspec
from msgspec.structs import astuple

from ledger.envelope import SealedEvent
from ledger.ids import Site, StreamId


class Expected(msgspec.Struct, frozen=True):
    """The version that a stream must be at, and the id of the first event to be added behind it."""

    stream: StreamId
    version: int
    event_id: str


class Remembered(msgspec.Struct, frozen=True):
    """A stream that a command was decided on as it was remembered: its last version and that one's leaf.

    Version 0 and no leaf say that the stream was not there.
    """

    stream: StreamId
    version: int
    leaf: bytes | None


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """The row of the order view after an event of the same command, which tells its position.

    ``document`` is the order as the API sends it.
    """

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
    """All that one command writes: everything or nothing. Without events it only keeps an answer.

    ``remembered`` are streams that must still be as they are told here, besides those that are written to.
    """

    site: Site
    remembered: tuple[Remembered, ...] = ()
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
    """What became of a command (``sql/schema/027_append_2.sql``)."""

    APPENDED = "appended"
    CONFLICT = "conflict"
    ANSWERED = "answered"


# Columns of each group of arguments, without the number of the command.
_EXPECTED_WIDTH = len(Expected.__struct_fields__)
_REMEMBERED_WIDTH = len(Remembered.__struct_fields__)
_EVENT_WIDTH = len(SealedEvent.__struct_fields__)
_ROW_WIDTH = len(OrderRow.__struct_fields__)
_NUMBER_WIDTH = len(NumberGiven.__struct_fields__)
_ANSWER_WIDTH = len(Answer.__struct_fields__)


def append_arguments(site: Site, now_ms: int, appends: Sequence[Append]) -> list[Any]:
    """Arguments of ``ledger.append_2`` for a batch of one site."""
    expected: list[tuple[Any, ...]] = []
    remembered: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    rows: list[tuple[Any, ...]] = []
    numbers: list[tuple[Any, ...]] = []
    answers: list[tuple[Any, ...]] = []
    for number, append in enumerate(appends, start=1):
        expected += ((number, *astuple(each)) for each in append.expected)
        remembered += ((number, *astuple(each)) for each in append.remembered)
        places: dict[tuple[StreamId, int], int] = {}
        for event in append.events:
            events.append((number, *astuple(event)))
            places[event.stream, event.version] = len(events)
        # The stream of a row is told by its event's place.
        rows += ((number, places[row.stream, row.version], *astuple(row)[1:]) for row in append.rows)
        numbers += ((number, *astuple(given)) for given in append.numbers)
        if append.answer:
            answers.append((number, *astuple(append.answer)))
    return [
        site,
        now_ms,
        *_columns(expected, 1 + _EXPECTED_WIDTH),
        *_columns(remembered, 1 + _REMEMBERED_WIDTH),
        *_columns(events, 1 + _EVENT_WIDTH),
        *_columns(rows, 1 + _ROW_WIDTH),
        *_columns(numbers, 1 + _NUMBER_WIDTH),
        *_columns(answers, 1 + _ANSWER_WIDTH),
    ]


def outcomes_of(appends: Sequence[Append], told: Iterable[asyncpg.Record]) -> list[Outcome]:
    """What became of each command, from what the function tells of those that were not appended."""
    every = [Outcome.APPENDED] * len(appends)
    for command, outcome in told:
        every[command - 1] = Outcome(outcome)
    return every


def _columns(rows: list[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
