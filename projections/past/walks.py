"""Walks through what a list of the past may show, until there are enough rows for a page, or no more."""

from dataclasses import dataclass

from ledger.limits import INTEGER_MAX
from projections.past.candidates import Row
from projections.past.changed_orders import Changed
from projections.past.version_reader import VersionReader

# The first step of a walk in the order of updates; each further one is four times as long.
FIRST_STEP = 400


@dataclass(frozen=True, slots=True)
class Seen:
    """How many rows were looked at, and how many of them are wanted."""

    looked: int = 0
    found: int = 0

    def rows_until_full(self, limit: int) -> int:
        """How many more a page of so many and the row behind it takes, if they go on alike.

        Of a walk that has not begun all are taken to be wanted; of one that found none, none ever are.
        """
        missing = limit + 1 - self.found
        if missing <= 0:
            return 0
        if self.found == 0:
            return INTEGER_MAX if self.looked else missing
        return -(-missing * self.looked // self.found)


class Walk:
    """A walk that can be gone on with."""

    def __init__(self, reader: VersionReader) -> None:
        self.reader = reader
        self.found: list[Row] = []
        self.looked = 0
        self.is_done = False

    async def rows(self, rows_max: int, further: int) -> list[Row] | None:
        """The first rows of the list; None if more would have to be looked at.

        Args:
            rows_max: how many may be looked at.
            further: how many more where the page will be full by then, going by what was found so far.
        """
        await self._go(rows_max)
        if not self.is_done and self.rows_until_full < further:
            await self._go(further)
        return await self._complete() if self.is_done else None

    @property
    def rows_until_full(self) -> int:
        """How many more rows the page takes, going by what was found so far."""
        return Seen(self.looked, len(self.found)).rows_until_full(self.reader.wanted.limit)

    async def _go(self, rows_max: int) -> None:
        raise NotImplementedError

    async def _complete(self) -> list[Row] | None:
        return self.found

    def _is_full(self) -> bool:
        return len(self.found) > self.reader.wanted.limit


class OfChanged(Walk):
    """Orders that have changed since, by creation, each looked up as it was."""

    def __init__(self, reader: VersionReader) -> None:
        super().__init__(reader)
        self._changed = Changed.of(
            reader.connection, reader.site, reader.wanted, reader.conditions, reader.cut, until=reader.until
        )
        self.is_done = self._changed.is_over

    async def rest(self, rows_max: int) -> list[Row] | None:
        """The first rows of the list; None if more than so many orders are left, and the page is not full by then."""
        if not self.is_done:
            await self._step(rows_max)
        return await self._complete() if self.is_done else None

    async def _go(self, rows_max: int) -> None:
        until = self.looked + rows_max
        while not self.is_done and self.looked < until:
            left = until - self.looked
            if self.reader.by_creation:
                if self.rows_until_full > left:
                    break
                # A few more than it takes if all are wanted, or as many of them as were seen so far.
                left = min(left, self.rows_until_full * 6 // 5)
            if not await self._step(left):
                break

    async def _step(self, rows_max: int) -> bool:
        """Look up the next orders; False if too many others would be looked at for them."""
        self._changed.is_cut = False
        # Twice over what is asked for: deleted ones and others are read apart, and each reading is bounded.
        ids = await self._changed.next(rows_max, max(FIRST_STEP, 4 * rows_max))
        self.looked += rows_max
        if ids:
            self.found += await self.reader.at(ids)
        self.is_done = self._changed.is_over or (self.reader.by_creation and self._is_full())
        return not self._changed.is_cut

    async def _complete(self) -> list[Row] | None:
        """With the orders that were missing because something else was revised."""
        if not self._changed.needs_revised:
            return self.reader.sorted(self.found)
        revised = await self.reader.revised()
        return None if revised is None else self.reader.sorted([*self.found, *revised])


class ByUpdate(Walk):
    """Versions in the order of updates."""

    def __init__(self, reader: VersionReader) -> None:
        super().__init__(reader)
        self._behind: tuple[int, str, int] | None = None

    async def _go(self, rows_max: int) -> None:
        until, step = self.looked + rows_max, FIRST_STEP
        while self.looked < until and not self.is_done:
            rows = await self.reader.by_update(self._behind, step)
            self.found += self.reader.rows(rows)
            first = rows[0]
            if first["looked"]:
                self._behind = (first["reached_at"], first["reached_id"], first["reached_version"])
            self.is_done = first["looked"] < step or self._is_full()
            self.looked += step
            step *= 4
