"""Lists of the past against plain Python that folds everything: each position, many times, every filter and sort."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from ledger.envelope import RecordedEvent
from ledger.errors import ParamWrongValue, ResourceNotFound
from ledger.ids import Position, Site
from ledger.vocabulary import OrderStatus, OrderType
from ops.database import Address, service_pool
from projections.history.moments import AtPosition, AtTime
from projections.listing import Filter, Operator, OrderQuery, Sort
from projections.past import candidates, held, walks
from projections.past.columns import COLUMNS, Columns, columns_of, evolve_columns
from projections.past.cut import ListMoment
from projections.past.lists import PastLists
from projections.past.predicate import is_listed
from projections.past.version_reader import nodes
from projections.past.versions import REVISED, Superseded
from projections.sql import reads
from projections.sql.conditions import conditions_of
from tests.projections.past.histories import History, follow, histories, history_of, write
from tests.projections.test_order_lists import VALUES, Row, listed, queries, tables
from tests.times import LAWS_TIMES

NOW_MS = 9_000_000_000_000


class Database:
    """The database of the tests of this process, for tests that are not asynchronous themselves."""

    def __init__(self, address: Address) -> None:
        self._runner = asyncio.Runner()
        self._serving = service_pool(address, size_max=1)
        self.pool: asyncpg.Pool = self._runner.run(self._serving.__aenter__())

    def close(self) -> None:
        self._runner.run(self._serving.__aexit__(None, None, None))
        self._runner.close()

    def write(self, history: History, indexed: int, page_size: int) -> Site:
        """A new site with a history, of which the index has so many events."""
        site = self._runner.run(write(self.pool, history))
        self.follow(site, indexed, page_size)
        return site

    def follow(self, site: Site, until: int, page_size: int) -> None:
        self._runner.run(follow(self.pool, site, until, page_size))

    def pages(self, site: Site, wanted: OrderQuery, moment: ListMoment) -> list[tuple[bytes, ...]]:
        """The documents of all pages, to the last."""
        return self._runner.run(pages(PastLists(self.pool, lambda: NOW_MS), site, wanted, moment))


async def pages(lists: PastLists, site: Site, wanted: OrderQuery, moment: ListMoment) -> list[tuple[bytes, ...]]:
    found = []
    for _ in range(200):
        page = await lists.page(site, wanted, moment)
        found.append(page.documents)
        if page.next_start is None:
            return found
        wanted = replace(wanted, start=page.next_start)
    raise AssertionError("The list does not end.")


@pytest.fixture(scope="module")
def database(address: Address) -> Iterator[Database]:
    found = Database(address)
    yield found
    found.close()


@st.composite
def moments(draw: st.DrawFn, history: History) -> ListMoment:
    """A moment of a history that is neither before it nor behind it."""
    place = draw(st.integers(1, len(history.events)))
    if draw(st.booleans()):
        return AtPosition(position=place)
    began_ms, at_ms = history.events[0].recorded_at, history.events[place - 1].recorded_at
    at_ms = max(began_ms, at_ms + draw(st.sampled_from([-1, 0, 0, 0, 1, 600])))
    return AtTime.second(at_ms // 1000) if draw(st.booleans()) else AtTime(since_ms=at_ms, until_ms=at_ms)


@pytest.mark.parametrize("bounds", [(reads.TRY_ROWS_MAX, held.SET_ROWS_MAX, held.WALK_ROWS_MAX), (2, 3, 4), (1, 1, 1)])
@settings(max_examples=25 * LAWS_TIMES, deadline=None)
@given(data=st.data(), history=histories())
def test_pages_of_a_moment_put_together_are_the_list_of_then(
    database: Database, bounds: tuple[int, int, int], data: st.DataObject, history: History
) -> None:
    if not history.events:
        return
    indexed = data.draw(st.integers(0, len(history.events)))
    site = database.write(history, indexed, data.draw(st.sampled_from([1, 3, 100])))
    with pytest.MonkeyPatch.context() as patch:
        # With small bounds, small tables are enough to come to them.
        patch.setattr(candidates, "TRY_ROWS_MAX", bounds[0])
        patch.setattr(candidates, "FIRST_TRY_ROWS_MAX", bounds[0])
        patch.setattr(held, "FIRST_STEP", bounds[0])
        patch.setattr(walks, "FIRST_STEP", bounds[0])
        patch.setattr(held, "FIRST_PERIODS_ROWS_MAX", bounds[0])
        patch.setattr(held, "PERIODS_ROWS_MAX", bounds[1])
        patch.setattr(held, "LOOKED_UP_MAX", bounds[1])
        patch.setattr(held, "SMALL_SET_ROWS_MAX", bounds[0])
        patch.setattr(held, "SET_ROWS_MAX", bounds[1])
        patch.setattr(held, "WALK_ROWS_MAX", bounds[2])
        for _ in range(6):
            moment, wanted = data.draw(moments(history)), data.draw(queries)
            found = database.pages(site, wanted, moment)
            assert [each for page in found for each in page] == history.documents_at(moment, wanted)
            assert all(len(page) == wanted.limit for page in found[:-1])


@st.composite
def seldom_changed(draw: st.DrawFn) -> Filter:
    """A filter of a member that is seldom changed once it is set."""
    field = draw(st.sampled_from(REVISED))
    one, other = draw(VALUES[field]), draw(VALUES[field])
    if field == "resent_status":
        return Filter(field, draw(st.sampled_from([Operator.IS, Operator.IN, Operator.NOT_IN])), (one,))
    return draw(st.sampled_from([Filter(field, Operator.BETWEEN, tuple(sorted((one, other)))), _after(field, one)]))


def _after(field: str, second: int) -> Filter:
    return Filter(field, Operator.AFTER, (second - 1,))


@settings(max_examples=25 * LAWS_TIMES, deadline=None)
@given(data=st.data(), history=histories())
def test_orders_are_found_by_the_dates_that_they_had(database: Database, data: st.DataObject, history: History) -> None:
    if not history.events:
        return
    site = database.write(history, data.draw(st.integers(0, len(history.events))), 4)
    for _ in range(12):
        moment = data.draw(moments(history))
        wanted = replace(data.draw(queries), filters=(data.draw(seldom_changed()),))
        found = database.pages(site, wanted, moment)
        assert [each for page in found for each in page] == history.documents_at(moment, wanted)


@pytest.mark.parametrize("indexed", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("after", [20, None])
def test_an_order_is_found_by_a_date_that_was_changed_since(
    database: Database, indexed: int, after: int | None
) -> None:
    born = {"kind": "birth", "invoice_id": "i", "status": OrderStatus.QUEUED, "order_type": OrderType.MANUAL}
    history = history_of(
        [
            ("o", born | {"created_at": 5, "order_date": 10}, 0),
            ("o", {"kind": "update", "status": OrderStatus.SHIPPED}, 5_000),
            ("other", born | {"created_at": 6, "order_date": 11}, 5_000),
            ("o", {"kind": "update", "order_date": after}, 5_000),
        ]
    )
    site = database.write(history, indexed, 10)
    for sort in (Sort("created_at"), Sort("updated_at", descending=True)):
        wanted = OrderQuery(filters=(Filter("order_date", Operator.BETWEEN, (10, 10)),), sort=sort)
        for position in (1, 2, 3, 4):
            moment = AtPosition(position=position)
            [found] = database.pages(site, wanted, moment)
            assert list(found) == history.documents_at(moment, wanted)
            assert len(found) == (position < 4)


@settings(max_examples=20 * LAWS_TIMES, deadline=None)
@given(history=histories(), indexed=st.integers(0, 40))
def test_every_position_has_its_list(database: Database, history: History, indexed: int) -> None:
    if not history.events:
        return
    site = database.write(history, min(indexed, len(history.events)), 5)
    for wanted in (OrderQuery(limit=100), OrderQuery(limit=100, include_deleted=True)):
        for position in range(1, len(history.events) + 1):
            [found] = database.pages(site, wanted, AtPosition(position=position))
            assert list(found) == history.documents_at(AtPosition(position=position), wanted)


@settings(max_examples=50 * LAWS_TIMES)
@given(history=histories())
def test_the_fold_of_the_columns_is_that_of_the_whole_order(history: History) -> None:
    standing: dict[str, Columns] = {}
    for position, (event, order) in enumerate(zip(history.events, history.states, strict=True), 1):
        assert order is not None
        standing[order.id] = evolve_columns(
            standing.get(order.id), RecordedEvent(**asdict(event), position=Position(position))
        )
        assert standing[order.id] == columns_of(order)


@settings(max_examples=100 * LAWS_TIMES)
@given(table=tables, wanted=queries)
def test_the_predicate_is_what_the_filters_mean(table: list[Row], wanted: OrderQuery) -> None:
    conditions = conditions_of(wanted.filters)
    found = {
        row["id"]
        for row in table
        if conditions is not None
        and is_listed(row["id"], Columns(**{name: row[name] for name in COLUMNS}), conditions, wanted)
    }
    assert found == set(listed(table, wanted))


@given(st.integers(1, 500), st.integers(1, 500), st.integers(1, 500))
def test_a_version_stands_at_one_node_above_each_position_it_holds_at(first: int, size: int, position: int) -> None:
    version = Superseded("x", 1, first, first + size, 0, 1, None)  # type: ignore[arg-type]
    before, behind = nodes(position, 1_000)
    holds = first <= position < first + size
    found = (version.fork in before and version.to_position > position) or (
        version.fork in behind and version.from_position <= position
    )
    assert found == holds
    assert sorted({*before, *behind}) == sorted([*before, *behind])


@settings(max_examples=20 * LAWS_TIMES, deadline=None)
@given(history=histories(max_size=8))
def test_what_was_not_yet_or_is_not_yet_is_refused(database: Database, history: History) -> None:
    if not history.events:
        return
    site, wanted, began_ms = database.write(history, 0, 1), OrderQuery(), history.events[0].recorded_at
    with pytest.raises(ResourceNotFound, match="had not begun"):
        database.pages(site, wanted, AtTime(since_ms=began_ms - 1, until_ms=began_ms - 1))
    with pytest.raises(ParamWrongValue, match="beyond the last position"):
        database.pages(site, wanted, AtPosition(position=len(history.events) + 1))
    with pytest.raises(ParamWrongValue, match="in the future"):
        database.pages(site, wanted, AtTime.second(NOW_MS // 1000 + 1))
