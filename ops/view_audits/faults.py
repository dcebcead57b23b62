"""How a view can be other than the log says: a closed set, each with the sentence that names it.

Of the orders as they are:   ViewDiffers
Of the index of the past:    VersionDiffers, PastDocumentDiffers, VersionTimesDiffer
Of the index of the log:     ChangeDiffers
Of any of them:              OrderUnreadable, ViewAhead

``finding`` is "differs", "missing" or "ghost" (``projections.rebuild.comparison.Finding``). Where it differs,
``column`` (``path`` in an order) is the first that does, ``shown`` what the view says and ``expected`` what the log
says, both as text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from ledger.merkle.faults import kind_name
from projections.rebuild.comparison import Finding


@dataclass(frozen=True, slots=True)
class ViewDiffers:
    """The view shows an order otherwise than its events have it, does not show it, or shows one that has no events.

    ``path`` is the first member that differs (``column.<name>`` for what is beside the document).
    """

    order_id: str
    finding: str
    path: str | None = None
    shown: str | None = None
    expected: str | None = None

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        match self.finding:
            case Finding.MISSING:
                return f"The view does not show the order {self.order_id!r}, which has events."
            case Finding.GHOST:
                return f"The view shows an order {self.order_id!r}, which has no events."
        said = f"The view of the order {self.order_id!r} says {self.path} is {self.shown}"
        return f"{said}, but its events come to {self.expected}."


@dataclass(frozen=True, slots=True)
class VersionDiffers:
    """A past version of an order is otherwise in the index than the events have it, or is in one of both alone."""

    order_id: str
    version: int
    finding: str
    column: str | None = None
    shown: str | None = None
    expected: str | None = None

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        named = f"version {self.version} of the order {self.order_id!r}"
        match self.finding:
            case Finding.MISSING:
                return f"The index of past orders does not have {named}, which it has come past."
            case Finding.GHOST:
                return f"The index of past orders has a {named} that the events up to where it has come do not make."
        said = f"The index of past orders says of {named} that {self.column} is {self.shown}"
        return f"{said}, but its events come to {self.expected}."


@dataclass(frozen=True, slots=True)
class PastDocumentDiffers:
    """The document that is kept of a version is not what was answered with it, or there is no such version."""

    order_id: str
    version: int
    finding: str

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        named = f"version {self.version} of the order {self.order_id!r}"
        if self.finding == Finding.GHOST:
            return f"A document is kept of a {named} that the events up to where the index has come do not make."
        return f"The document that is kept of {named} is neither what its event says nor what its events come to."


@dataclass(frozen=True, slots=True)
class VersionTimesDiffer:
    """What the index of past orders knows of the log's times up to a position is not what the log says."""

    position: int
    finding: str
    column: str | None = None
    shown: str | None = None
    expected: str | None = None

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        match self.finding:
            case Finding.MISSING:
                return f"The index of past orders has come to event {self.position}, but lacks the times up to there."
            case Finding.GHOST:
                return f"The index of past orders has times up to event {self.position}, which it has not come to."
        said = f"The index of past orders says of the times up to event {self.position} that {self.column}"
        return f"{said} is {self.shown}, but the log says {self.expected}."


@dataclass(frozen=True, slots=True)
class ChangeDiffers:
    """The index of the log says otherwise of an event than its body, lacks it, or has one that it has not come to."""

    position: int
    finding: str
    column: str | None = None
    shown: str | None = None
    expected: str | None = None

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        match self.finding:
            case Finding.MISSING:
                return f"The index of the log does not have event {self.position}, which it has come past."
            case Finding.GHOST:
                return f"The index of the log has an event {self.position} where it has none, or has not come to it."
        said = f"The index of the log says of event {self.position} that its {self.column} is {self.shown}"
        return f"{said}, but the log says {self.expected}."


@dataclass(frozen=True, slots=True)
class OrderUnreadable:
    """The events of an order are sound, this version of the code cannot read them, and the view has not parked it."""

    view: str
    order_id: str
    reason: str

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        return f"The events of the order {self.order_id!r} cannot be read by this version: {self.reason}"


@dataclass(frozen=True, slots=True)
class ViewAhead:
    """A view is said to have been made of more events than there are."""

    view: str
    position: int
    log_size: int

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        return f"The view {self.view} has come to event {self.position}, but the log ends at {self.log_size}."


ViewFault = (
    ViewDiffers
    | VersionDiffers
    | PastDocumentDiffers
    | VersionTimesDiffer
    | ChangeDiffers
    | OrderUnreadable
    | ViewAhead
)


def fault_of(document: Mapping[str, Any]) -> ViewFault:
    """The fault that ``merkle.faults.as_document`` made plain data of."""
    members = {name: value for name, value in document.items() if name not in {"kind", "sentence"}}
    fault: ViewFault = _KINDS[document["kind"]](**members)
    return fault


_KINDS: Mapping[str, Any] = {kind_name(each): each for each in get_args(ViewFault)}
