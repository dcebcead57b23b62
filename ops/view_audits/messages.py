"""What the process that compares by order is told, and what it tells: lines of JSON."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ledger.ids import Site
from ledger.merkle.faults import as_document
from ledger.transparency.log_audit import ViewChecked
from ops.view_audits.faults import fault_of


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """Of which site to compare views, within which exported snapshot, and how to reach the database as the service."""

    site: Site
    snapshot: str
    service: dict[str, Any]
    is_embedded: bool


class Folded(msgspec.Struct, frozen=True, tag=True):
    """How many events of orders were folded, and how many there are."""

    events: int
    total: int


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One view that was compared."""

    view: str
    position: int
    rows: int
    parked: int
    fault: dict[str, Any] | None

    @classmethod
    def of(cls, checked: ViewChecked) -> "View":
        """As it is told."""
        fault = as_document(checked.fault) if checked.fault else None  # type: ignore[arg-type]
        return cls(view=checked.view, position=checked.position, rows=checked.rows, parked=checked.parked, fault=fault)

    def checked(self) -> ViewChecked:
        """As it was."""
        fault = fault_of(self.fault) if self.fault else None
        return ViewChecked(self.view, self.position, self.rows, self.parked, fault)


class Compared(msgspec.Struct, frozen=True, tag=True):
    """All views that are compared by order."""

    views: list[View]

    @classmethod
    def of(cls, views: Sequence[ViewChecked]) -> "Compared":
        """As they are told."""
        return cls(list(map(View.of, views)))


class NoSnapshot(msgspec.Struct, frozen=True, tag=True):
    """The snapshot cannot be had where the database was reached, and why; nothing was compared."""

    reason: str


Message = Folded | Compared | NoSnapshot
