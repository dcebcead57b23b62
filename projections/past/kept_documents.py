"""Documents of versions of orders, kept so that what is shown of the past need not be folded.

The consumer of the index copies what the order view shows, while it shows it, if that is the very document that was
answered with: the event has its digest, so what somebody wrote into the view does not get into the past. A version that
was replaced before the consumer came to it has none, nor has one with a large document, because each change of such an
order would keep it once more. These are folded when they are shown; a rebuild adds the former.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ledger.envelope import RecordedEvent
from ledger.ids import Site
from ledger.limits import PAST_DOCUMENT_BYTES_MAX
from projections.past.columns import order_id_of
from projections.past.versions import order_events
from projections.sql import query

_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _Body(msgspec.Struct):
    document: str | None = None


_decoder = msgspec.json.Decoder(_Body)


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """What the API answers with after a version of an order."""

    order_id: str
    version: int
    document: bytes

    @property
    def is_small(self) -> bool:
        """Whether it may be kept."""
        return len(self.document) <= PAST_DOCUMENT_BYTES_MAX


async def keep_documents(connection: Any, site: Site, page: Iterable[RecordedEvent]) -> None:
    """Keep the documents of the orders of a page whose last version in it is what the order view shows.

    Those of events without a digest are left to a rebuild.
    """
    last = {order_id_of(event): event for event in order_events(page)}
    wanted = [(order_id, event.version, _digest(event.body)) for order_id, event in last.items()]
    if told := [each for each in wanted if each[-1] is not None]:
        columns = map(list, zip(*told, strict=True))
        await connection.execute(query("keep_documents"), site, *columns, PAST_DOCUMENT_BYTES_MAX)


def _digest(body: bytes) -> str | None:
    try:
        return _decoder.decode(body).document
    except _UNREADABLE:
        return None


async def add_documents(connection: Any, site: Site, documents: Sequence[KeptDocument]) -> None:
    """Write documents of which none is kept."""
    if documents:
        await connection.copy_records_to_table(
            "order_version_document",
            schema_name="ledger",
            columns=["site", "id", "version", "document"],
            records=[(site, each.order_id, each.version, each.document) for each in documents],
        )
