"""How far each consumer of a site's log is behind it."""

from typing import Any

import msgspec

from ledger.ids import Site
from ledger.sql import query


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """A consumer's place; the first event it has not handled was recorded at ``waiting_since``, in milliseconds."""

    name: str
    position: int
    behind: int
    waiting_since: int | None = None


async def lags(database: Any, site: Site) -> list[Lag]:
    """Of every consumer that has ever moved on this site, by name."""
    return [Lag(**row) for row in await database.fetch(query("consumer_lags"), site)]
