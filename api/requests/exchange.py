"""What is known of a request while it is answered, filled in as it becomes known; nothing of it is kept as it is."""

import time
from dataclasses import dataclass, field

from api.forms import Pairs
from api.origin import Origin
from api.routing import Route
from ledger.envelope import SealedEvent
from ledger.sites import KeyOwner


@dataclass(slots=True)
class Exchange:
    """One request on its way.

    Args:
        at_ms: when it came.
        route: None where no operation is; ``path_id`` is the id in its path, "" where it has none.
        owner: of the key; None as long as nobody knows who calls.
        origin: what its headers say; None when they were refused.
        body: of a POST; None when it was not read.
        parameters: of a POST; None when they were not read.
        event_ids: of the events that the last attempt of its command meant to append.
    """

    request_id: str
    at_ms: int
    route: Route | None = None
    path_id: str = ""
    owner: KeyOwner | None = None
    origin: Origin | None = None
    body: bytes | None = None
    parameters: Pairs | None = None
    event_ids: tuple[str, ...] = ()
    began_s: float = field(default_factory=time.perf_counter)

    def note_events(self, events: tuple[SealedEvent, ...]) -> None:
        """An attempt means to append these."""
        self.event_ids = tuple(event.event_id for event in events)

    @property
    def duration_us(self) -> int:
        """Since it came."""
        return int((time.perf_counter() - self.began_s) * 1_000_000)
