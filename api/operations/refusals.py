"""The refused requests of an order between its changes: why nothing changed, beside what did.

A page shows the requests of its own stretch of time, so that each stands on exactly one page: those that came after
the last change of the page before, until the last change of its own; the last page shows all that are left. Filters
choose changes, not requests.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from api.rendering import single
from api.requests.document import request_document
from ledger.limits import INTEGER_MAX, REFUSALS_IN_HISTORY_MAX
from ledger.requests import KeptRequest
from projections.history.changes import Change
from projections.history.history_query import HistoryQuery
from projections.history.order_history import HistoryPage

if TYPE_CHECKING:
    # The command line puts the same in order, and needs nothing of what answers requests, which takes long to import.
    from api.call import Call

_encode = msgspec.json.Encoder().encode


async def entries_with_refusals(
    call: "Call", order_id: str, query: HistoryQuery, found: HistoryPage
) -> tuple[list[bytes], bool]:
    """The changes of a page and the refused requests of its stretch of time, in the order of the page.

    The second value is whether there are more requests than are shown, which are the newest.
    """
    behind = None if query.behind is None else await _recorded_at(call, order_id, query.behind)
    until = found.changes[-1].recorded_at_ms if found.next_behind is not None else None
    first, last = (until, behind) if query.descending else (behind, until)
    restricted = call.origin.business_entity_id
    refused = await call.services.requests.refused_of_order(
        call.site,
        order_id,
        0 if first is None else first + 1,
        INTEGER_MAX if last is None else last,
        business_entity_id=restricted,
        actor=None if restricted is None else call.owner.name,
    )
    rows = in_order_of_time(found.changes, refused[-REFUSALS_IN_HISTORY_MAX:], descending=query.descending)
    return [_entry(each) for each in rows], len(refused) > REFUSALS_IN_HISTORY_MAX


def in_order_of_time(
    changes: Sequence[Change], requests: Sequence[KeptRequest], *, descending: bool
) -> Iterator[Change | KeptRequest]:
    """Both together; a request that came in the millisecond of a change stands before it, as it came."""
    timed: list[tuple[int, int, Change | KeptRequest]] = [(each.at, 0, each) for each in requests]
    timed += [(each.recorded_at_ms, each.version, each) for each in changes]
    for _, _, each in sorted(timed, key=lambda entry: entry[:2], reverse=descending):
        yield each


async def _recorded_at(call: "Call", order_id: str, version: int) -> int:
    """When a version was recorded, in milliseconds."""
    query = HistoryQuery(behind=version - 1, limit=1)
    page = await call.services.history.page(call.site, order_id, query, call.origin.business_entity_id)
    return page.changes[0].recorded_at_ms


def _entry(each: Change | KeptRequest) -> bytes:
    if isinstance(each, KeptRequest):
        return single("request", _encode(request_document(each)))
    return single("change", _encode(each))
