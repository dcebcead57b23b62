"""What a rebuild of the index of past orders found and did."""

from dataclasses import dataclass, field

from ledger.ids import Site, StreamId
from projections.rebuild.folding import StreamBroken


@dataclass(kw_only=True, slots=True)
class VersionsReport:
    """What a rebuild of the index found and did.

    ``differing`` are the ids of orders whose rows were not what their events say; ``clock_differs`` tells the same of
    what is known of the log's times. ``without_document`` counts versions whose document might be kept and was not,
    which is no fault: they are folded when they are shown. ``position`` is how far the index has come.
    """

    site: Site
    position: int = 0
    events_total: int = 0
    events: int = 0
    orders: int = 0
    versions: int = 0
    without_document: int = 0
    seconds: float = 0.0
    differing: list[str] = field(default_factory=list)
    clock_differs: bool = False
    broken: dict[StreamId, StreamBroken] = field(default_factory=dict)

    @property
    def is_true(self) -> bool:
        """Whether the index was what the log says, and all of it could be read."""
        return not (self.differing or self.clock_differs or self.broken)

    def add(self, other: "VersionsReport") -> None:
        """Take in what was found of other orders."""
        self.position = max(self.position, other.position)
        self.events += other.events
        self.orders += other.orders
        self.versions += other.versions
        self.without_document += other.without_document
        self.differing += other.differing
        self.clock_differs |= other.clock_differs
        self.broken |= other.broken
