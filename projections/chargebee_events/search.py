"""Where the indexed events of a page are looked for, by what is wanted of them."""

import asyncpg

from ledger.ids import Site
from ledger.limits import EVENTS_LOOKED_AT_MAX
from projections.chargebee_events.candidates import find_candidates
from projections.chargebee_events.checks import Checks
from projections.chargebee_events.query import EventQuery, Wanted
from projections.chargebee_events.sift import Sifted, sift
from projections.chargebee_events.walk import EventIndex

# A filter that many events pass fills its page with these, in some milliseconds.
_TRY_LOOKS = 1_000


async def search(pool: asyncpg.Pool, site: Site, query: EventQuery, wanted: Wanted, *, indexed: int) -> Sifted:
    """The first indexed events behind the start of a page, one more than the page holds.

    What the index holds is read from it and from nothing else. Events of given ids are looked up. For other ids and
    for webhook statuses the list is tried, then the few events that such a filter leaves, and then the list again as
    far as a page may look.
    """
    index = EventIndex(pool, site, wanted, indexed, query.descending)
    checks, wants = Checks(pool, site, wanted), query.limit + 1
    if not checks.are_needed:
        return Sifted(list(await index.next(query.start, wants)))
    if wanted.ids is None:
        tried = await sift(index, query.start, checks, wants=wants, looks=_TRY_LOOKS)
        if tried.stopped_at is None:
            return tried
    few = await find_candidates(pool, site, wanted, indexed=indexed, descending=query.descending)
    return await sift(few or index, query.start, checks, wants=wants, looks=EVENTS_LOOKED_AT_MAX)
