"""Who acts where nobody has asked: the service itself; and what it does about errors that nobody is told."""

from ledger.appender import CONNECTION_ERRORS
from ledger.envelope import Metadata
from ledger.errors import LedgerError
from ledger.handler import Caller
from ledger.ids import IdSource, Site
from ledger.vocabulary import EventSource

SYSTEM = "system"


def system(
    site: Site,
    source: EventSource,
    *,
    live: bool,
    ids: IdSource,
    causation_id: str | None = None,
    correlation_id: str | None = None,
) -> Caller:
    """The caller of what the service does by itself.

    Args:
        causation_id: the event that it follows from, and ``correlation_id`` that event's; both are the id of the run
            where it follows from none.
    """
    request_id = ids.request_id()
    return Caller(
        site=site,
        live=live,
        name=SYSTEM,
        metadata=Metadata(
            actor=SYSTEM,
            actor_kind=SYSTEM,
            source=source,
            request_id=request_id,
            correlation_id=correlation_id or request_id,
            causation_id=causation_id or request_id,
        ),
    )


def is_passing(error: Exception) -> bool:
    """Whether the same may go well in a moment: the database is away, or others are too many."""
    return isinstance(error, CONNECTION_ERRORS) or (isinstance(error, LedgerError) and error.http_status in {429, 503})
