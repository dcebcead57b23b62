"""Rows that wait beside the view until they are put in place (``ledger.order_view_rebuilt``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ledger.ids import Site
from ledger.limits import REBUILD_SWAP_ROWS
from projections.rebuild.comparison import RowDifference
from projections.rebuild.folding import COLUMNS
from projections.sql import query

_DAY_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Shadow:
    """The rows of one run of a rebuild. Every call goes through the connection that it is given."""

    site: Site
    run: str

    @classmethod
    def begin(cls, site: Site, now_ms: int) -> "Shadow":
        """A new run."""
        return cls(site, f"{now_ms:016}")

    async def forget_old_runs(self, connection: Any) -> None:
        """A rebuild that was killed leaves its rows; one that still runs is not a day old."""
        await connection.execute(query("forget_old_runs"), self.site, f"{int(self.run) - _DAY_MS:016}")

    async def keep(self, connection: Any, found: Sequence[RowDifference]) -> None:
        """Keep what differs. An order that is kept already has to be forgotten before."""
        if not found:
            return
        await connection.copy_records_to_table(
            "order_view_rebuilt",
            schema_name="ledger",
            columns=["site", *COLUMNS, "run", "is_ghost"],
            records=[(self.site, *_values(each), self.run, each.truth is None) for each in found],
        )

    async def forget(self, connection: Any, order_id: str | None = None) -> None:
        """Forget an order, or the whole run."""
        await connection.execute(query("forget_rebuilt"), self.site, self.run, [order_id] if order_id else None)

    async def put(self, connection: Any) -> int:
        """Put the next rows in place, at most ``REBUILD_SWAP_ROWS``; how many. The site's head must be locked."""
        kept = await connection.fetch(query("next_rebuilt"), self.site, self.run, REBUILD_SWAP_ROWS)
        if kept:
            ids = [row["id"] for row in kept]
            for step in ("put_rebuilt", "remove_ghosts", "forget_rebuilt"):
                await connection.execute(query(step), self.site, self.run, ids)
        return len(kept)


def _values(found: RowDifference) -> tuple[Any, ...]:
    values = found.shown if found.truth is None else found.truth
    assert values is not None
    return values
