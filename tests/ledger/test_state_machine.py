"""Random histories of commands, valid and not, alone and at once, on one site in a real PostgreSQL.

After every step the whole site is read back: the log against its rules, each order folded anew against its row and
its answers, money and numbers against their bounds. ``ORDER_LEDGER_EXAMPLES=500`` tries that many new histories;
without it the same few are played, and a failing one is told as it is, not made smaller.
"""

import asyncio
import hashlib
import itertools
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from ledger.appender import Appender
from ledger.batch import Answer, OrderRow
from ledger.envelope import EventMapper, RecordedEvent, leaf_hash
from ledger.errors import LedgerError
from ledger.events import EVENT_TYPES, DomainEvent
from ledger.handler import AnsweredAlready, Caller, CommandHandler, Handled, Shown
from ledger.ids import IdSource, Position, Site
from ledger.invoice import fold_invoice
from ledger.limits import IDEMPOTENCY_WINDOW_MS
from ledger.order import Order, fold
from ledger.store import Store
from ops.database import Address, service_pool
from projections.order_row import order_row
from tests.conftest import new_site
from tests.ledger import recipes
from tests.ledger.given import METADATA, NOW_MS
from tests.ledger.recipes import UNKNOWN, Recipe

EXAMPLES = os.environ.get("ORDER_LEDGER_EXAMPLES")
EXAMPLES_DEFAULT = 20
STEPS = 30
MAPPER = EventMapper()

Result = Handled | LedgerError | AnsweredAlready


@dataclass(slots=True)
class Contents:
    """All that the database knows of a site."""

    log: list[RecordedEvent]
    rows: dict[str, dict[str, Any]]
    streams: dict[str, list[RecordedEvent]] = field(default_factory=lambda: defaultdict(list))
    orders: dict[str, Order] = field(default_factory=dict)

    def events(self, stream: str) -> list[DomainEvent]:
        """The domain events of a stream."""
        return [MAPPER.event(record.body) for record in self.streams[stream]]


class World:
    """A database, an event loop, and what was seen over all histories."""

    def __init__(self, runner: asyncio.Runner, pool: asyncpg.Pool) -> None:
        self.runner = runner
        self.pool = pool
        self.store = Store(pool)
        self.seen: Counter[str] = Counter()

    async def read(self, site: Site) -> Contents:
        """Everything of a site, anew."""
        log: list[RecordedEvent] = []
        while page := await self.store.read_log(site, after=Position(len(log))):
            log += page
        rows = await self.pool.fetch("SELECT * FROM ledger.order_view WHERE site = $1", site)
        contents = Contents(log, {row["id"]: dict(row) for row in rows})
        for event in log:
            contents.streams[event.stream].append(event)
        for stream in [each for each in contents.streams if each.startswith("order-")]:
            order = fold(contents.events(stream))
            assert order is not None
            contents.orders[order.id] = order
        return contents


class Histories(RuleBasedStateMachine):
    """Plays commands through two servers of one site and looks at everything after each step."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.now_ms = NOW_MS
        self.site = world.runner.run(new_site(world.pool))
        self.appenders = [Appender(world.pool, clock_ms=self.clock_ms) for _ in range(2)]
        self.handlers = [
            CommandHandler(world.store, appender, row_of=order_row, ids=IdSource(self.clock_ms), clock_ms=self.clock_ms)
            for appender in self.appenders
        ]
        self.requests = itertools.count()
        self.answered: dict[str, int] = {}
        self.contents = world.runner.run(world.read(self.site))

    def clock_ms(self) -> int:
        return self.now_ms

    # What recipes ask for

    def order_id(self, pick: int) -> str:
        ids = sorted(self.contents.orders)
        return ids[pick % len(ids)] if pick != UNKNOWN else "unknown"

    def line_id(self, order_id: str, pick: int) -> str:
        order = self.contents.orders.get(order_id)
        lines = order.order_line_items if order else ()
        return lines[pick % len(lines)].id if lines and pick != UNKNOWN else "o_li_unknown"

    # Steps

    @initialize()
    def begin(self) -> None:
        for command in (*recipes.FIRST_INVOICES, *recipes.FIRST_ORDERS):
            self.play([recipes.always(command)])

    @rule(recipe=recipes.births)
    def something_is_born(self, recipe: Recipe) -> None:
        self.play([recipe])

    @rule(recipe=recipes.updates)
    def an_order_is_updated(self, recipe: Recipe) -> None:
        self.play([recipe])

    @rule(recipe=recipes.actions)
    def something_is_done_to_an_order(self, recipe: Recipe) -> None:
        self.play([recipe])

    @rule(recipes=recipes.cancelled_and_reopened())
    def an_order_is_cancelled_and_reopened(self, recipes: tuple[Recipe, Recipe]) -> None:
        for recipe in recipes:
            self.play([recipe])

    @rule(several=st.lists(recipes.anything, min_size=2, max_size=4))
    def several_things_happen_at_once(self, several: list[Recipe]) -> None:
        self.play(several)

    @rule(recipe=recipes.anything, key=st.sampled_from(["k1", "k2", "k3"]))
    def something_happens_under_an_idempotency_key(self, recipe: Recipe, key: str) -> None:
        self.play([recipe], key=key)

    @rule(forward_ms=st.sampled_from([1, 999, 60_000, IDEMPOTENCY_WINDOW_MS, -5_000]))
    def the_clock_moves(self, forward_ms: int) -> None:
        self.now_ms += forward_ms

    def teardown(self) -> None:
        for appender in self.appenders:
            self.world.runner.run(appender.close())

    # Playing and looking

    def play(self, several: list[Recipe], key: str | None = None) -> None:
        """Run commands, each through another server than the one before, and look at what came of it."""
        before = self.contents
        results = self.world.runner.run(self.run_at_once(several, key))
        self.contents = after = self.world.runner.run(self.world.read(self.site))
        self.assert_only_what_was_answered(before, after, results)
        self.assert_the_log_is_sound(after)
        self.assert_the_view_is_the_fold(after)
        self.assert_credits_are_within_bounds(after)
        self.assert_numbers_are_used_once(after)
        self.note(results, key)

    async def run_at_once(self, several: list[Recipe], key: str | None) -> list[Result]:
        caller = Caller(site=self.site, live=False, name="key", metadata=METADATA, answer=self.answer(key))
        servers = (self.handlers[place % len(self.handlers)] for place in range(len(several)))
        results = await asyncio.gather(
            *(server.handle(recipe(self), caller) for server, recipe in zip(servers, several, strict=False)),
            return_exceptions=True,
        )
        return list(map(expected_result, results))

    def answer(self, key: str | None) -> Callable[[Shown], Answer] | None:
        """Makes the answer to a request that is like no other."""
        if key is None:
            return None
        digest = hashlib.sha256(str(next(self.requests)).encode()).digest()
        expires_at = self.now_ms + IDEMPOTENCY_WINDOW_MS

        def answer(shown: Shown) -> Answer:
            assert isinstance(shown, OrderRow)
            return Answer(key=key, digest=digest, status=200, body=shown.document, expires_at=expires_at)

        return answer

    def note(self, results: list[Result], key: str | None) -> None:
        for result in results:
            if isinstance(result, LedgerError):
                self.world.seen[result.api_error_code] += 1
            elif isinstance(result, AnsweredAlready):
                assert key is not None
                assert self.answered[key] > self.now_ms
                self.world.seen["answered"] += 1
            else:
                self.world.seen.update(event.type for event in result.events)
                if key and result.row:
                    assert self.answered.get(key, 0) <= self.now_ms
                    self.answered[key] = self.now_ms + IDEMPOTENCY_WINDOW_MS

    def assert_only_what_was_answered(self, before: Contents, after: Contents, results: list[Result]) -> None:
        """The log only grew, by the events that were answered and no others; what was refused changed nothing."""
        handled = [result for result in results if isinstance(result, Handled)]
        written = {event.event_id: event.body for result in handled for event in result.events}
        assert after.log[: len(before.log)] == before.log
        assert {event.event_id: event.body for event in after.log[len(before.log) :]} == written
        if not written:
            assert after.rows == before.rows
        for result in handled:
            self.assert_written_together(after, result)
            if result.row:
                self.assert_answered_as_it_was(after, result.row)

    def assert_written_together(self, after: Contents, handled: Handled) -> None:
        """The events of one command stand side by side in their order."""
        places = [event.event_id for event in after.log]
        wanted = [event.event_id for event in handled.events]
        if wanted:
            start = places.index(wanted[0])
            assert places[start : start + len(wanted)] == wanted

    def assert_answered_as_it_was(self, after: Contents, row: OrderRow) -> None:
        """The answer shows the order at the version that it says; the last one is still what the view shows."""
        order = fold(after.events(row.stream)[: row.version])
        assert order is not None
        assert row == order_row(order)
        if row.version == after.orders[row.id].version:
            assert after.rows[row.id]["document"] == row.document

    def assert_the_log_is_sound(self, contents: Contents) -> None:
        """Positions and versions without gaps, times that grow, columns that say what bodies say, links that hold."""
        assert [event.position for event in contents.log] == list(range(1, len(contents.log) + 1))
        assert len({event.event_id for event in contents.log}) == len(contents.log)
        for stream, records in contents.streams.items():
            previous: RecordedEvent | None = None
            for version, record in enumerate(records, start=1):
                envelope, event = MAPPER.open(record.body)
                assert record.leaf == leaf_hash(record.body)
                assert envelope.previous == (previous.leaf.hex() if previous else None)
                assert (record.version, event.originator_version, envelope.version) == (version,) * 3
                assert (envelope.site, envelope.stream, record.stream) == (self.site, stream, stream)
                assert (envelope.type, envelope.event_id) == (record.type, record.event_id)
                assert envelope.recorded_at == record.recorded_at
                assert previous is None or record.recorded_at > previous.recorded_at
                previous = record

    def assert_the_view_is_the_fold(self, contents: Contents) -> None:
        """Every order has one row, which is that of its fold in every column."""
        assert contents.rows.keys() == contents.orders.keys()
        for order_id, order in contents.orders.items():
            row = order_row(order)
            columns = {name: getattr(row, name) for name in OrderRow.__struct_fields__ if name != "stream"}
            last = contents.streams[row.stream][-1]
            assert contents.rows[order_id] == columns | {"site": self.site, "position": last.position}
            assert order.resource_version == last.recorded_at
            assert msgspec.json.decode(row.document)["resource_version"] == last.recorded_at

    def assert_credits_are_within_bounds(self, contents: Contents) -> None:
        """No line, order or invoice is credited beyond what was paid for it."""
        issued: Counter[str] = Counter()
        for order in contents.orders.values():
            for line in order.order_line_items:
                assert 0 <= line.refundable_credits_issued <= line.amount_paid
                assert line.refundable_credits == line.amount_paid - line.refundable_credits_issued
                issued[order.invoice_id] += line.refundable_credits_issued
            assert order.refundable_credits >= 0
        for stream in [each for each in contents.streams if each.startswith("invoice-")]:
            invoice = fold_invoice(contents.events(stream))
            assert invoice is not None
            assert sum(invoice.issued.values()) == issued[invoice.facts.id] <= invoice.facts.paid
            assert invoice.refundable == invoice.facts.paid - issued[invoice.facts.id]

    def assert_numbers_are_used_once(self, contents: Contents) -> None:
        """Document numbers, credit notes and lines belong to one order each, deleted ones included."""
        orders = contents.orders.values()
        for used in (
            [order.document_number for order in orders if order.document_number is not None],
            [note.id for order in orders for note in order.linked_credit_notes],
            [line.id for order in orders for line in order.order_line_items],
            [resent.order_id for order in orders for resent in order.resent_orders],
        ):
            assert len(set(used)) == len(used)


def expected_result(result: Handled | BaseException) -> Result:
    """A success or a refusal; anything else is a fault of the service."""
    if isinstance(result, LedgerError) and result.http_status < 500:
        return result
    if isinstance(result, Handled | AnsweredAlready):
        return result
    raise AssertionError("neither done nor refused") from result


@pytest.fixture
def world(address: Address) -> Iterator[World]:
    """A pool and an event loop that outlive the steps of a history."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        yield World(runner, runner.run(stack.enter_async_context(service_pool(address, size_max=6))))
        runner.run(stack.aclose())


@pytest.mark.timeout(0 if EXAMPLES else 300)
def test_any_history_leaves_the_site_sound(world: World) -> None:
    histories = cast("type[RuleBasedStateMachine]", partial(Histories, world))
    run_state_machine_as_test(
        histories,
        settings=settings(
            max_examples=int(EXAMPLES or EXAMPLES_DEFAULT),
            stateful_step_count=STEPS,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )
    assert len(world.seen.keys() & {event_type.TOPIC for event_type in EVENT_TYPES}) > 10, world.seen
    assert {"resource_not_found", "invalid_state_for_request", "param_wrong_value"} <= world.seen.keys(), world.seen


def test_a_history_of_everything_leaves_the_site_sound(world: World) -> None:
    histories = Histories(world)
    histories.begin()
    for recipe in recipes.EVERYTHING:
        histories.play([recipe])
    histories.play([recipes.EVERYTHING[0]], key="k1")
    histories.play([recipes.EVERYTHING[0]], key="k1")
    histories.teardown()
    assert {event_type.TOPIC for event_type in EVENT_TYPES} <= world.seen.keys()
    assert {"answered", "invalid_state_for_request", "duplicate_entry"} <= world.seen.keys()
