"""What the process that rebuilds a part of the index is told, and what it tells: lines of JSON."""

from typing import Any

import msgspec

from ledger.ids import Position, Site, StreamId, Version
from projections.past.order_chunks import OrderRange
from projections.past.versions_report import VersionsReport
from projections.rebuild.folding import StreamBroken


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders of a site to compare, whether to change anything, and how to reach the database as the service."""

    site: Site
    orders: OrderRange
    check_only: bool
    service: dict[str, Any]
    is_embedded: bool


class Counted(msgspec.Struct, frozen=True, tag=True):
    """How many events were folded so far, and how many orders differ."""

    events: int
    differing: int


class Broken(msgspec.Struct, frozen=True):
    """A stream that cannot be read from an event on, and why."""

    stream: StreamId
    position: Position
    version: Version
    reason: str


class Done(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What was found of all orders of the part (``VersionsReport``)."""

    position: int
    events: int
    orders: int
    versions: int
    without_document: int
    differing: list[str]
    broken: list[Broken]

    @classmethod
    def of(cls, report: VersionsReport) -> "Done":
        """As it is told."""
        return cls(
            **{name: getattr(report, name) for name in _TOLD},
            broken=[Broken(each.stream, each.position, each.version, each.reason) for each in report.broken.values()],
        )

    def report(self, site: Site) -> VersionsReport:
        """As it was."""
        broken = {each.stream: StreamBroken(each, each.reason) for each in self.broken}
        return VersionsReport(site=site, broken=broken, **{name: getattr(self, name) for name in _TOLD})


_TOLD = ("position", "events", "orders", "versions", "without_document", "differing")

Message = Counted | Done
