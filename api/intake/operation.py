"""POST /intake/chargebee: one event of Chargebee's, by its webhook.

A delivery is answered 200 when all that it holds is in the log: Chargebee does not send it again then. What cannot be
understood is refused with a reason, and whatever is our own trouble is answered so that Chargebee tries again.
"""

import msgspec
from aiohttp import web

from api.call import Call
from api.intake.event import IncomingEvent, parse_event, read_event, type_of
from api.responses import json_response
from api.routing import Door, Route
from ledger.envelope import Metadata, SealedEvent
from ledger.errors import InvalidRequest
from ledger.handler import Caller
from ledger.intake import UNREADABLE, IntakeOutcome
from ledger.vocabulary import EventSource
from projections.chargebee_events.vocabulary import KNOWN_EVENT_TYPES

ACTOR_KIND = "intake"
OTHER_TYPES = "other"
"""Under which events are counted whose type nobody knows."""

_KNOWN = frozenset(KNOWN_EVENT_TYPES)


class TakenIn(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. ``recorded`` are the events of the ledger that came of it, by id."""

    outcome: IntakeOutcome
    event_id: str
    event_type: str
    recorded: tuple[str, ...] = ()


async def take_in_chargebee(call: Call, _: str) -> web.Response:
    """POST /intake/chargebee"""
    event = await _read(call)
    if await call.services.intake.was_taken_in(call.site, event.id):
        await _count(call, event.event_type, IntakeOutcome.DUPLICATE)
        return _answer(TakenIn(outcome=IntakeOutcome.DUPLICATE, event_id=event.id, event_type=event.event_type))
    recorded = await _record(call, event)
    outcome = _outcome(event, recorded)
    await call.services.intake.take_in(
        call.site,
        event.id,
        event_type=_counted_type(event.event_type),
        outcome=outcome,
        request_id=call.request_id,
        now_ms=call.services.clock_ms(),
    )
    ids = tuple(each.event_id for each in recorded)
    return _answer(TakenIn(outcome=outcome, event_id=event.id, event_type=event.event_type, recorded=ids))


INTAKE_ROUTES: tuple[Route, ...] = (
    Route("take_in_chargebee", "POST", "/intake/chargebee", take_in_chargebee, door=Door.INTAKE),
)
"""They are no part of the API that is described: Chargebee alone calls them, in its own form."""


async def _read(call: Call) -> IncomingEvent:
    event_type: str | None = None
    try:
        members = parse_event(call.body)
        event_type = type_of(members)
        return read_event(members)
    except InvalidRequest as refused:
        await _count(call, event_type, IntakeOutcome.REFUSED, reason=refused.message)
        raise


async def _record(call: Call, event: IncomingEvent) -> list[SealedEvent]:
    recorded: list[SealedEvent] = []
    for command in event.commands:
        try:
            handled = await call.services.handler.handle(command, _caller(call, event, recorded))
        except InvalidRequest as refused:
            await _count(call, event.event_type, IntakeOutcome.REFUSED, reason=refused.message)
            raise
        recorded += handled.events
    return recorded


def _caller(call: Call, event: IncomingEvent, before: list[SealedEvent]) -> Caller:
    """For whom the event is recorded: the service that sent it."""
    name = call.owner.name
    return Caller(
        site=call.site,
        live=call.owner.live,
        name=name,
        metadata=Metadata(
            actor=name,
            actor_kind=ACTOR_KIND,
            source=EventSource.EXTERNAL_SERVICE,
            request_id=call.request_id,
            correlation_id=call.request_id,
            causation_id=event.id,
            method=call.request.method,
            path=call.request.path,
        ),
        on_sealed=lambda sealed: call.exchange.note_events((*before, *sealed)),
    )


def _outcome(event: IncomingEvent, recorded: list[SealedEvent]) -> IntakeOutcome:
    if recorded:
        return IntakeOutcome.RECORDED
    return IntakeOutcome.UNCHANGED if event.commands else IntakeOutcome.IGNORED


async def _count(call: Call, event_type: str | None, outcome: IntakeOutcome, *, reason: str | None = None) -> None:
    counted = UNREADABLE if event_type is None else _counted_type(event_type)
    await call.services.intake.count(call.site, counted, outcome, call.services.clock_ms(), reason=reason)


def _counted_type(event_type: str) -> str:
    return event_type if event_type in _KNOWN else OTHER_TYPES


def _answer(taken_in: TakenIn) -> web.Response:
    return json_response(200, msgspec.json.encode(taken_in))
