"""What a decision gets and what it gives: streams and a context in, events out. Pure: no clock, no random, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ledger.batch import NumberGiven
from ledger.events import DomainEvent
from ledger.ids import IdSource, StreamId
from ledger.parts import WebhookEndpoint
from ledger.settings import SiteSettings

S = TypeVar("S")
E = TypeVar("E", bound=DomainEvent)

ORDER_NUMBERS = "order"
DOCUMENT_NUMBERS = "document_number"
CREDIT_NOTE_NUMBERS = "credit_note"


@dataclass(frozen=True, slots=True)
class Stream(Generic[S]):
    """A stream as it was read: the state that its events make, and where it stands.

    ``version`` is 0 and ``state`` None for a stream that does not exist. ``leaf`` is the last event's.
    """

    id: StreamId
    state: S
    version: int = 0
    timestamp: int = 0
    leaf: bytes | None = None


class NeedsNumber(Exception):
    """Raised by ``Context.number``: the decision needs the next numbers of a series, and is then asked again.

    So a number is taken only for a command that nothing else speaks against.
    """

    def __init__(self, series: str, start: int, count: int) -> None:
        super().__init__(series)
        self.series = series
        self.start = start
        self.count = count


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What surrounds a command.

    Args:
        now_ms: milliseconds since 1970.
        created_by: name of the API key, or ``system``.
        live: whether the site is live; test sites mark their ids.
        ids: source of new ids.
        numbers: numbers reserved so far, by series; a decision takes them from a series once.
        business_entity_id: the entity that the call is restricted to.
    """

    now_ms: int
    created_by: str
    live: bool
    ids: IdSource
    settings: SiteSettings = field(default_factory=SiteSettings)
    numbers: Mapping[str, int] = field(default_factory=dict)
    business_entity_id: str | None = None

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return self.now_ms // 1000

    def number(self, series: str, start: int = 1, count: int = 1) -> int:
        """The number reserved for the series; of several in a row, the first."""
        if series not in self.numbers:
            raise NeedsNumber(series, start, count)
        return self.numbers[series]


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What a command comes to: events in the order of the log, and the order or endpoint that the answer shows.

    No events mean that nothing changes. ``numbers`` are given by the caller and must not be handed out again.
    """

    events: tuple[DomainEvent, ...] = ()
    order_id: str = ""
    endpoint: WebhookEndpoint | None = None
    numbers: tuple[NumberGiven, ...] = ()


class Recording:
    """Collects the events of one command and gives each its version and its time.

    The time of an event is now, or one millisecond behind the event before it in its stream where the clock has
    not moved or went back.
    """

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._places: dict[StreamId, tuple[int, int]] = {}
        self._events: list[DomainEvent] = []

    def add(self, stream: Stream[Any], event_type: type[E], **data: Any) -> E:
        """Record one event of a stream."""
        version, timestamp = self._places.get(stream.id, (stream.version, stream.timestamp))
        place = (version + 1, max(self._now_ms, timestamp + 1))
        self._places[stream.id] = place
        event = event_type(originator_id=stream.id, originator_version=place[0], timestamp=place[1], **data)
        self._events.append(event)
        return event

    @property
    def events(self) -> tuple[DomainEvent, ...]:
        """What was recorded, in order."""
        return tuple(self._events)
