"""A random life of a site with several callers, business entities and clocks, and what an oracle says of its log.

The oracle reads bodies as plain JSON and shares nothing with the index.
"""

import json
import random
from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec

from ledger.appender import Appender
from ledger.commands import (
    CancelOrder,
    ChangeSettings,
    Command,
    CreateRefundableCreditNote,
    ReopenOrder,
    UpdateOrder,
)
from ledger.consumer import ConsumerCheckpoint
from ledger.envelope import Metadata, RecordedEvent
from ledger.errors import LedgerError
from ledger.events import OrderChanges
from ledger.handler import Caller, CommandHandler
from ledger.ids import IdSource, Position, Site
from ledger.store import Store
from ledger.vocabulary import CancellationReason, CreditNoteReason, EventSource, OrderStatus
from projections.changes.index import CONSUMER, ChangeIndex
from projections.listing import Filter, Operator
from projections.order_row import order_row
from tests.ledger.given import imported, invoice, manual

START_S = 1_700_000_000
ACTORS = ("shop", "back office", "robot")
SOURCES = (EventSource.API, EventSource.ADMIN_CONSOLE, EventSource.BULK_OPERATION)
INVOICES = {"inv_1": None, "inv_2": "be_1", "inv_3": "be_2"}


class Clock:
    """Goes on by fits and starts, and sometimes far back, as the clocks of several machines do together."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._now_ms = START_S * 1000

    def __call__(self) -> int:
        self._now_ms += self._dice.randrange(0, 900)
        late_ms = self._dice.choice([0, 0, 0, 0, 0, 3_000, 45_000])
        return self._now_ms - late_ms


async def live(pool: asyncpg.Pool, site: Site, *, seed: int, commands: int) -> None:
    """Let things happen on a site."""
    dice = random.Random(seed)
    clock = Clock(dice)
    appender = Appender(pool, clock_ms=clock)
    handler = CommandHandler(Store(pool), appender, row_of=order_row, ids=IdSource(clock), clock_ms=clock)
    orders = [f"o{number}" for number in range(6)]
    first: list[Command] = [
        *(invoice(name, business_entity_id=entity) for name, entity in INVOICES.items()),
        *(imported(order_id, dice.choice(sorted(INVOICES))) for order_id in orders[:4]),
        manual(orders[4], "inv_1"),
        manual(orders[5], "inv_3"),
    ]
    for command in [*first, *(_anything(dice, orders) for _ in range(commands))]:
        try:
            await handler.handle(command, _caller(site, dice))
        except LedgerError:
            continue
    await appender.close()


async def index(pool: asyncpg.Pool, site: Site, events: Sequence[RecordedEvent]) -> None:
    """Let the index come to the last of these, in two pages."""
    half = len(events) // 2
    for page in (events[:half], events[half:]):
        if page:
            async with pool.acquire() as connection, connection.transaction():
                checkpoint = ConsumerCheckpoint(connection, site, CONSUMER)
                assert await checkpoint.advance(Position(page[0].position - 1), page[-1].position)
                await ChangeIndex().handle(connection, site, page)


def facts_of(events: Sequence[RecordedEvent]) -> list[dict[str, Any]]:
    """What each event was about, as the bodies of the whole log say."""
    orders: dict[str, dict[str, Any]] = {}
    notes: dict[str, str] = {}
    found = []
    for event in events:
        body = json.loads(event.body)
        kind, _, name = body["stream"].partition("-")
        data = body["data"]
        facts: dict[str, Any] = {"order_id": None, "invoice_id": None, "business_entity_id": None}
        if kind == "order":
            if body["version"] == 1:
                orders[name] = data["order"]
            order_id = name
        elif kind == "credit_note":
            if body["version"] == 1:
                notes[name] = data["order_id"]
            order_id = notes[name]
        else:
            order_id = data.get("order_id") or notes.get(data.get("credit_note_id", ""))
        if order_id:
            facts = {"order_id": order_id, "invoice_id": orders[order_id]["invoice_id"]}
            facts["business_entity_id"] = orders[order_id].get("business_entity_id")
        if kind == "invoice":
            facts["invoice_id"] = name
            if "invoice" in data:
                facts["business_entity_id"] = data["invoice"].get("business_entity_id")
        metadata = body["metadata"]
        found.append(
            facts
            | {name: metadata[name] for name in ("actor", "source", "request_id", "causation_id", "correlation_id")}
            | {"position": event.position, "type": body["type"], "recorded_at": body["recorded_at"] // 1000}
        )
    return found


def passes(facts: dict[str, Any], filters: Sequence[Filter]) -> bool:
    """Whether an event passes, read off the words of the documentation."""
    for each in filters:
        value, values = facts[each.field], each.values
        match each.operator:
            case Operator.IS | Operator.IN:
                holds = value in values
            case Operator.IS_NOT | Operator.NOT_IN:
                holds = value not in values
            case Operator.AFTER:
                holds = value > values[0]
            case Operator.BEFORE:
                holds = value < values[0]
            case Operator.BETWEEN | Operator.ON:
                holds = values[0] <= value <= values[1]
            case _:
                raise AssertionError(each)
        if not holds:
            return False
    return True


def random_filters(dice: random.Random, facts: Sequence[dict[str, Any]]) -> tuple[Filter, ...]:
    """Filters of values that occur, and now and then of one that does not."""
    links = ("request_id", "causation_id", "correlation_id")
    texts = ("actor", "source", "type", "order_id", "invoice_id", "business_entity_id", *links)
    filters = []
    for name in dice.sample((*texts, "recorded_at", "position"), dice.choice([0, 1, 1, 2, 2, 3])):
        known = sorted({each[name] for each in facts if each[name] is not None})
        if name in texts:
            operator = dice.choice([Operator.IS, Operator.IS, Operator.IN, Operator.IS_NOT, Operator.NOT_IN])
            several = operator in {Operator.IN, Operator.NOT_IN}
            values = dice.sample([*known, "nobody"], min(len(known), dice.randrange(1, 4) if several else 1))
            filters.append(Filter(name, operator, tuple(values)))
        else:
            first, last = sorted(dice.choices([*known, known[0] - 1, known[-1] + 1], k=2))
            operator = dice.choice([Operator.AFTER, Operator.BEFORE, Operator.BETWEEN])
            filters.append(Filter(name, operator, (first, last) if operator is Operator.BETWEEN else (first,)))
    return tuple(filters)


def _anything(dice: random.Random, orders: Sequence[str]) -> Command:
    order_id = dice.choice(orders)
    reason = CancellationReason.OTHERS
    invoice_id = dice.choice(sorted(INVOICES))
    version = dice.randrange(2, 10**6)
    updated = UpdateOrder(order_id=order_id, changes=OrderChanges(note=f"{dice.random()}"))
    commands: list[Command] = [
        UpdateOrder(order_id=order_id, changes=OrderChanges(status=OrderStatus.DELIVERED)),
        CancelOrder(order_id=order_id, cancellation_reason=reason, credit_note_total=dice.choice([0, 5])),
        ReopenOrder(order_id=order_id, void_cancellation_credit_notes=True),
        CreateRefundableCreditNote(order_id=order_id, reason_code=CreditNoteReason.WAIVER, total=3),
        invoice(invoice_id, business_entity_id=INVOICES[invoice_id], resource_version=version),
        ChangeSettings(settings={"order_number_prefix": f"P{dice.randrange(100)}"}),
        updated,
    ]
    return dice.choices(commands, weights=[10, 15, 10, 10, 5, 5, 45])[0]


def _caller(site: Site, dice: random.Random) -> Caller:
    request_id = f"req_{dice.randrange(1_000)}"
    actor = dice.choice(ACTORS)
    # What comes from elsewhere than the API may follow from an event, and from the first cause that this had.
    source = dice.choice(SOURCES)
    cause = request_id if source is EventSource.API else dice.choice([request_id, f"ev_{dice.randrange(9)}"])
    first_cause = request_id if cause == request_id else dice.choice([request_id, f"req_{dice.randrange(5)}"])
    metadata = Metadata(
        actor=actor,
        actor_kind="api_key",
        source=source,
        request_id=request_id,
        correlation_id=first_cause,
        causation_id=cause,
    )
    return msgspec.structs.replace(
        Caller(site=site, live=False, name=actor, metadata=metadata), business_entity_id=None
    )


async def whole_log(pool: asyncpg.Pool, site: Site) -> list[RecordedEvent]:
    """All events of a site."""
    events: list[RecordedEvent] = []
    while page := await Store(pool).read_log(site, after=Position(len(events))):
        events += page
    return events
