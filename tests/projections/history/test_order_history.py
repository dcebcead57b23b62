"""The past of orders, folded from a real log, is what was answered then: after random lives, for every moment."""

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import asyncpg
import msgspec
import pytest
from hypothesis import strategies as st

from ledger.appender import Appender
from ledger.errors import LedgerError, ParamWrongValue, ResourceNotFound
from ledger.handler import Caller, CommandHandler
from ledger.ids import IdSource, Position, Site, order_stream
from ledger.store import Store
from ops.database import Address, service_pool
from projections.history.application import applied
from projections.history.difference import MemberChange
from projections.history.document_shape import plain_document
from projections.history.history_query import HistoryQuery
from projections.history.moments import AtPosition, AtTime, AtVersion, Moment
from projections.history.order_history import OrderHistory
from projections.history.order_states import Side
from projections.listing import Filter, Operator
from projections.order_row import order_row
from tests.conftest import new_site
from tests.ledger import recipes
from tests.ledger.given import METADATA, NOW_MS
from tests.ledger.laws import for_all
from tests.ledger.recipes import UNKNOWN, Recipe

_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=lambda digits: msgspec.Raw(digits.encode()))


class Life:
    """A site on which things happen, and everything that a retrieve would have answered in between.

    ``documents`` are by order and version, ``seen`` are the versions of all orders by the position of the log.
    """

    def __init__(self, pool: asyncpg.Pool, site: Site) -> None:
        self.pool = pool
        self.site = site
        self.store = Store(pool)
        self.now_ms = NOW_MS
        self.appender = Appender(pool, clock_ms=self.clock_ms)
        self.handler = CommandHandler(
            self.store, self.appender, row_of=order_row, ids=IdSource(self.clock_ms), clock_ms=self.clock_ms
        )
        self.past = OrderHistory(self.store, lambda: self.now_ms + 3_600_000)
        self.documents: dict[tuple[str, int], bytes] = {}
        self.seen: dict[Position, dict[str, int]] = {}

    def clock_ms(self) -> int:
        return self.now_ms

    def order_id(self, pick: int) -> str:
        ids = sorted({order_id for order_id, _ in self.documents})
        return ids[pick % len(ids)] if pick != UNKNOWN else "unknown"

    def line_id(self, order_id: str, pick: int) -> str:
        documents = [document for (each, _), document in self.documents.items() if each == order_id]
        lines = _decoder.decode(documents[-1]).get("order_line_items", []) if documents else []
        return str(lines[pick % len(lines)]["id"]) if lines and pick != UNKNOWN else "o_li_unknown"

    async def live(self, recipe: Recipe, pause_ms: int) -> None:
        """Let one thing happen, or be refused, and look at every order."""
        self.now_ms += pause_ms
        caller = Caller(site=self.site, live=False, name="k", metadata=METADATA)
        try:
            await self.handler.handle(recipe(self), caller)
        except LedgerError:
            return
        head = await self.store.head_position(self.site)
        rows = await self.pool.fetch("SELECT id, version, document FROM ledger.order_view WHERE site = $1", self.site)
        assert head is not None
        self.seen[head] = {row["id"]: row["version"] for row in rows}
        for row in rows:
            self.documents.setdefault((row["id"], row["version"]), row["document"])

    async def check_moments(self) -> None:
        """Every state that was seen is what its version, its position and its time say."""
        for (order_id, version), document in self.documents.items():
            found = await self.past.at(self.site, order_id, AtVersion(version=version))
            assert found.document == document
            assert await self._document(order_id, AtPosition(position=found.record.position)) == document
            assert await self._document(order_id, AtTime.instant(_text(found.record.recorded_at))) == document
        for head, versions in self.seen.items():
            for order_id, version in versions.items():
                assert await self._document(order_id, AtPosition(position=head)) == self.documents[order_id, version]

    async def check_differences(self, picks: list[int]) -> None:
        """A history says how each version came from the one before, and any two states differ by their diff."""
        for order_id in {order_id for order_id, _ in self.documents}:
            records = (await self.store.load_streams(self.site, [order_stream(order_id)]))[order_stream(order_id)]
            page = await self.past.page(self.site, order_id, HistoryQuery(limit=len(records)))
            assert page.next_behind is None
            assert [change.version for change in page.changes] == list(range(1, len(records) + 1))
            document: dict[str, Any] = {}
            for change in page.changes:
                state = await self.past.at(self.site, order_id, AtVersion(version=change.version))
                after = plain_document(state.order)
                bookkeeping = _set(document, after, "updated_at", "resource_version")
                document = applied(document, [*change.changes, *bookkeeping])
                assert msgspec.json.encode(document) == state.document
            for one, other in itertools.pairwise(1 + pick % len(records) for pick in picks):
                await self._check_diff(order_id, one, other)

    async def _check_diff(self, order_id: str, one: int, other: int) -> None:
        sides = Side(order_id, AtVersion(version=one)), Side(order_id, AtVersion(version=other))
        diff = await self.past.diff(self.site, *sides)
        assert diff.from_ is not None
        assert (diff.from_.version, diff.to.version) == (one, other)
        before = plain_document((await self.past.at(self.site, order_id, AtVersion(version=one))).order)
        after = (await self.past.at(self.site, order_id, AtVersion(version=other))).document
        assert msgspec.json.encode(applied(before, diff.changes)) == after

    async def _document(self, order_id: str, moment: Moment) -> bytes:
        return (await self.past.at(self.site, order_id, moment)).document


def _text(time_ms: int) -> str:
    seconds = time_ms // 1000
    minutes, hours, days = seconds // 60 % 60, seconds // 3600 % 24, seconds // 86400
    assert days == 19675, "the clock of these lives stands in one day"
    return f"2023-11-14T{hours:02}:{minutes:02}:{seconds % 60:02}.{time_ms % 1000:03}Z"


def _set(before: dict[str, Any], after: dict[str, Any], *names: str) -> list[MemberChange]:
    return [
        MemberChange(path=name, before=before.get(name), after=after[name])
        for name in names
        if before.get(name) != after[name]
    ]


@pytest.fixture(scope="module")
def world(address: Address) -> Iterator[tuple[asyncio.Runner, asyncpg.Pool]]:
    with asyncio.Runner() as runner:
        pool = service_pool(address)
        yield runner, runner.run(pool.__aenter__())
        runner.run(pool.__aexit__(None, None, None))


steps = st.tuples(recipes.anything, st.sampled_from([0, 0, 1, 700, 1000]))
starts = tuple(recipes.always(command) for command in (*recipes.FIRST_INVOICES, *recipes.FIRST_ORDERS))


@for_all(
    happened=st.lists(steps, min_size=5, max_size=25),
    cancelled=recipes.cancelled_and_reopened(),
    picks=st.lists(st.integers(0, 50), min_size=2, max_size=5),
    examples=20,
)
def test_the_past_is_what_was_answered_then(world: Any, happened: Any, cancelled: Any, picks: list[int]) -> None:
    runner, pool = world

    async def play() -> None:
        life = Life(pool, await new_site(pool))
        for recipe in (*starts, *recipes.EVERYTHING[:12]):
            await life.live(recipe, 1)
        for recipe, pause_ms in (*happened, *((each, 5) for each in cancelled)):
            await life.live(recipe, pause_ms)
        await life.appender.close()
        assert len(life.documents) > 10
        await life.check_moments()
        await life.check_differences(picks)

    runner.run(play())


@pytest.fixture
async def life(pool: asyncpg.Pool, site: Site) -> Any:
    """An order with three versions at positions that others lie between."""
    life = Life(pool, site)
    for recipe in (*starts, *recipes.EVERYTHING[4:6]):
        await life.live(recipe, 1)
    await life.appender.close()
    return life


async def test_a_moment_beyond_what_there_is_is_refused_and_one_before_it_not_found(life: Life) -> None:
    beyond: list[Moment] = [
        AtVersion(version=4, param="p"),
        AtPosition(position=max(life.seen) + 1, param="p"),
        AtTime.second(NOW_MS // 1000 + 7200, param="p"),
    ]
    for moment in beyond:
        with pytest.raises(ParamWrongValue) as refused:
            await life.past.at(life.site, "1", moment)
        assert refused.value.param == "p"
    for moment in (AtPosition(position=1), AtTime.second(1)):
        with pytest.raises(ResourceNotFound, match="did not exist yet"):
            await life.past.at(life.site, "1", moment)
    for order_id, entity in (("unknown", None), ("1", "another")):
        with pytest.raises(ResourceNotFound) as missing:
            await life.past.at(life.site, order_id, AtVersion(version=1), entity)
        assert "exist" not in missing.value.reason


async def test_a_page_ends_where_its_limit_says_whatever_the_filters_leave(life: Life) -> None:
    notes = (Filter("path", Operator.IS, ("note",)),)
    for descending in (False, True):
        query = HistoryQuery(filters=notes, descending=descending, limit=1)
        page = await life.past.page(life.site, "1", query)
        assert ([change.version for change in page.changes], page.next_behind) == ([2], None)
    page = await life.past.page(life.site, "1", HistoryQuery(limit=2, descending=True))
    assert ([change.version for change in page.changes], page.next_behind) == ([3, 2], 2)


async def test_a_place_behind_the_end_gives_an_empty_page(life: Life) -> None:
    for behind, descending in ((3, False), (99, False), (1, True), (0, True)):
        page = await life.past.page(life.site, "1", HistoryQuery(behind=behind, descending=descending))
        assert (page.changes, page.next_behind) == ((), None)
