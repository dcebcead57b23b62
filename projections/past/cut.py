"""A moment of a site's log as lists need it: what had happened by then, and where to look for it.

A position cuts the log itself. A time cuts every order's stream, since times increase within a stream; across streams
they may cross by a moment, so a time lies between two positions and not at one.
"""

from dataclasses import dataclass
from typing import Any

from ledger.envelope import RecordedEvent
from ledger.errors import OperationFailed, ResourceNotFound
from ledger.ids import Position, Site
from ledger.limits import INTEGER_MAX
from projections.history.moments import AtPosition, AtTime, instant_text, refuse_future
from projections.past.consumer import CONSUMER
from projections.past.versions import Standing, Superseded
from projections.sql import query

ListMoment = AtTime | AtPosition


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """What had happened at a moment.

    ``position`` and ``until_ms`` are the last ones included; of the two that the moment does not name, no bound.
    ``head`` is the last position of the log and ``indexed`` the last that the index of past orders has.

    Nothing that had happened by then was recorded after ``latest_s``, and no order names a creation that is more than
    ``lead_s`` behind its first event. Of what the index has, all up to ``all_until`` had happened, and nothing behind
    ``none_after``.
    """

    position: int = INTEGER_MAX
    until_ms: int = INTEGER_MAX
    head: Position
    indexed: Position
    latest_s: int = INTEGER_MAX
    lead_s: int = 0
    all_until: int
    none_after: int

    @property
    def is_time(self) -> bool:
        """Whether a time was asked for."""
        return self.until_ms != INTEGER_MAX

    @property
    def created_s(self) -> int:
        """Nothing that had happened by then was created later."""
        return self.latest_s + self.lead_s

    @property
    def is_present(self) -> bool:
        """Whether everything that there is had happened."""
        return self.position >= self.head and not self.is_time

    @property
    def splits_second(self) -> bool:
        """Whether a second had begun and was not over."""
        return self.is_time and (self.until_ms + 1) % 1000 != 0

    def holds(self, version: Superseded) -> bool:
        """Whether a version had begun and had not been replaced."""
        if self.is_time:
            return version.from_ms <= self.until_ms < version.to_ms
        return version.from_position <= self.position < version.to_position


async def cut_at(connection: Any, site: Site, moment: ListMoment, now_ms: int) -> Cut:
    """The cut of a moment.

    Raises:
        ParamWrongValue: it lies in the future.
        ResourceNotFound: the site's log had not begun.
    """
    position = moment.position if isinstance(moment, AtPosition) else None
    until_ms = moment.until_ms if isinstance(moment, AtTime) else None
    row = await connection.fetchrow(query("past_extent"), site, CONSUMER, position, until_ms)
    if row is None:
        raise ResourceNotFound(f"There is no site {site}.")
    head, indexed = Position(row["head"]), Position(row["indexed"])
    if indexed > head:
        raise OperationFailed("The log of the site ends before what was read of it: it is an older copy.")
    refuse_future(moment, now_ms=now_ms, head=head)
    if until_ms is None:
        return _cut_at_position(row, moment.position if isinstance(moment, AtPosition) else 0, head, indexed)
    _refuse_before_beginning(until_ms, row["began_ms"])
    return _cut_at_time(row, until_ms, head, indexed)


def with_tail(cut: Cut, tail: list[RecordedEvent], born: list[Standing]) -> Cut:
    """The cut with bounds that hold for what the index has not come to, too: these events and new orders."""
    latest_ms = max((each.recorded_at for each in tail if each.position <= cut.position), default=0)
    return Cut(
        position=cut.position,
        until_ms=cut.until_ms,
        head=cut.head,
        indexed=cut.indexed,
        latest_s=max(cut.latest_s, min(latest_ms, cut.until_ms) // 1000),
        lead_s=max(cut.lead_s, *(each.lead_s for each in born), 0),
        all_until=cut.all_until,
        none_after=cut.none_after,
    )


def _cut_at_position(row: Any, position: int, head: Position, indexed: Position) -> Cut:
    if position >= head:
        return Cut(position=head, head=head, indexed=indexed, all_until=indexed, none_after=indexed)
    latest_ms = row["latest_ms_at"] if position <= indexed else row["latest_ms"]
    latest_s = (latest_ms or 0) // 1000
    stabbed = min(position, indexed)
    return Cut(
        position=position,
        head=head,
        indexed=indexed,
        latest_s=latest_s,
        lead_s=row["lead_s_max"] or 0,
        all_until=stabbed,
        none_after=stabbed,
    )


def _cut_at_time(row: Any, until_ms: int, head: Position, indexed: Position) -> Cut:
    latest_s = until_ms // 1000
    return Cut(
        until_ms=until_ms,
        head=head,
        indexed=indexed,
        latest_s=latest_s,
        lead_s=row["lead_s_max"] or 0,
        all_until=row["all_until"],
        none_after=row["none_after"],
    )


def _refuse_before_beginning(until_ms: int, began_ms: int | None) -> None:
    if began_ms is None:
        raise ResourceNotFound("The log of the site had not begun: nothing has been recorded")
    if until_ms < began_ms:
        raise ResourceNotFound(
            f"The log of the site had not begun at {instant_text(until_ms)}: its first event was recorded at "
            f"{instant_text(began_ms)}"
        )
