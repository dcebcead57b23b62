"""The screen of one order: its header, its versions on a line of time, and one version in full."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
from aiohttp import web

from api.console.rendering import answer
from api.console.visitor import services_of, visitor_of
from api.console.write_out import Line, value_text, written_out
from ledger.errors import ParamWrongValue, ResourceNotFound
from ledger.limits import INTEGER_MAX, REFUSALS_IN_HISTORY_MAX
from projections.history.changes import Change, Entry
from projections.history.document_shape import plain_document
from projections.history.sentences import sentence


class Tab(StrEnum):
    """Ways to look at a version."""

    DIFF = "diff"
    STATE = "state"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Step:
    """A version on the line of time; ``repeats`` are those before it that say the same and are folded into it."""

    version: int
    position: int
    type: str
    sentence: str
    recorded_at: int
    actor: str
    source: str
    request_id: str
    method: str | None
    path: str | None
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request about the order that changed nothing."""

    request_id: str
    recorded_at: int
    actor: str
    operation: str
    message: str
    status: int


async def show(request: web.Request) -> web.Response:
    """GET /console/orders/{id}?v=…&tab=…"""
    services, visitor = services_of(request), visitor_of(request)
    order_id = request.match_info["id"]
    entries = await services.history.entries(visitor.site, order_id)
    chosen = entries[_version(request.query.get("v"), len(entries)) - 1]
    tab = _tab(request.query.get("tab"))
    change = chosen.change()
    standing = await services.standing.check(visitor.site, [entry.record for entry in entries])
    refusals = await _refusals(request, order_id) if "refused" in request.query else []
    return answer(
        request,
        "order.html",
        with_refused="refused" in request.query,
        standing=standing,
        order=chosen.after,
        total=plain_document(chosen.after).get("total"),
        newest=entries[-1].record.version,
        steps=_with_refusals(the_steps(entries), refusals),
        change=change,
        tab=tab,
        tabs=list(Tab),
        path=request.path,
        rows=[(row.path, *value_text(row)) for row in change.changes] if tab is Tab.DIFF else [],
        lines=_lines(tab, chosen),
        who=_who(change),
    )


async def _refusals(request: web.Request, order_id: str) -> list[Refusal]:
    """The newest requests about the order that were refused."""
    services, site = services_of(request), visitor_of(request).site
    found = await services.requests.refused_of_order(
        site, order_id, 0, INTEGER_MAX, business_entity_id=None, actor=None
    )
    return [
        Refusal(each.id, each.at, each.actor, each.operation, each.message or "", each.status)
        for each in found[-REFUSALS_IN_HISTORY_MAX:]
    ]


def _with_refusals(steps: Sequence[Step], refusals: Sequence[Refusal]) -> list[Step | Refusal]:
    """Both, the newest first."""
    both: list[Step | Refusal] = [*steps, *refusals]
    return sorted(both, key=lambda each: each.recorded_at)[::-1]


def _version(text: str | None, newest: int) -> int:
    """The version that was asked for; the newest without one."""
    if not text:
        return newest
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(newest))):
        raise ParamWrongValue("should be a version of the order", param="v")
    if not 1 <= int(text) <= newest:
        raise ResourceNotFound(f"The order has the versions 1 to {newest}.", param="v")
    return int(text)


def _tab(text: str | None) -> Tab:
    return Tab(text) if text in set(Tab) else Tab.DIFF


def the_steps(entries: Sequence[Entry]) -> list[Step]:
    """The versions, the oldest first; neighbours that say the same of the same actor are one."""
    steps: list[Step] = []
    for entry in entries:
        step = _step(entry)
        last = steps[-1] if steps else None
        if last and (last.sentence, last.actor, last.source) == (step.sentence, step.actor, step.source):
            steps[-1] = _step(entry, repeats=last.repeats + 1)
        else:
            steps.append(step)
    return steps


def _step(entry: Entry, repeats: int = 0) -> Step:
    record, metadata = entry.record, entry.envelope.metadata
    return Step(
        version=record.version,
        position=record.position,
        type=record.type,
        sentence=sentence(entry.event, entry.before, entry.after),
        recorded_at=record.recorded_at,
        actor=metadata.actor,
        source=metadata.source,
        request_id=metadata.request_id,
        method=metadata.method,
        path=metadata.path,
        repeats=repeats,
    )


def _lines(tab: Tab, chosen: Entry) -> list[Line]:
    match tab:
        case Tab.STATE:
            return written_out(plain_document(chosen.after))
        case Tab.RAW:
            return written_out(msgspec.json.decode(chosen.record.body))
    return []


def _who(change: Change) -> list[tuple[str, Any]]:
    """Who did it and through which door, by name; without what is not known."""
    request = change.request
    told = [
        ("actor", f"{change.actor} ({change.actor_kind})"),
        ("source", change.source),
        ("request", request.id),
        ("called", f"{request.method} {request.path}" if request.method else None),
        ("idempotency key", request.idempotency_key),
        ("on behalf of", request.origin_user),
        ("address", request.origin_ip),
        ("device", request.origin_device),
        ("correlation", change.correlation_id if change.correlation_id != request.id else None),
        ("caused by", change.causation_id if change.causation_id != request.id else None),
    ]
    return [(name, value) for name, value in told if value]
