"""Pages of events are read from an index that has them in their order, whichever plan PostgreSQL chooses.

What a plan reads is counted, not how it looks: as many rows as a page shows, from each stream that is merged.
"""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from ledger.ids import Position, Site
from ledger.vocabulary import EventSource
from projections.chargebee_events.event_types import SHOWN
from projections.chargebee_events.query import Place, Wanted
from projections.chargebee_events.walk import EventIndex
from projections.sql.conditions import Within
from projections.sql.statements import Statement
from tests.conftest import new_database
from tests.projections.test_list_plans import explained, reads_whole_table, rows_read

SITE = Site("shop")
EVENTS = 20_000
START_S = 1_700_000_000
LIMIT = 101
HALF = Place(START_S + EVENTS // 20, Position(EVENTS // 2))
EVERYTHING = Wanted(types=tuple(SHOWN))
UPDATED = ("order.updated",)
RARE = ("order.deleted",)
LATER = Within("occurred_at", START_S + EVENTS // 15, START_S + EVENTS // 12)
WANTED = {
    "all": EVERYTHING,
    "a common type": replace(EVERYTHING, types=UPDATED),
    "a rare type": replace(EVERYTHING, types=RARE),
    "all types but the common one": replace(EVERYTHING, types=tuple(each for each in SHOWN if each not in UPDATED)),
    "a common source": replace(EVERYTHING, sources=(EventSource.API,)),
    "a rare source": replace(EVERYTHING, sources=(EventSource.SCHEDULED_JOB,)),
    "a rare type of a rare source": replace(EVERYTHING, types=RARE, sources=(EventSource.SCHEDULED_JOB,)),
    "a range of time": replace(EVERYTHING, occurred_at=LATER),
    "a rare type in a range of time": replace(EVERYTHING, types=RARE, occurred_at=LATER),
    "a common entity": replace(EVERYTHING, entity="be_1"),
    "a rare entity": replace(EVERYTHING, entity="be_2"),
    "a common type of an entity in a range of time": replace(
        EVERYTHING, types=UPDATED, entity="be_1", occurred_at=LATER
    ),
}
_FILL = """
INSERT INTO ledger.change
    (site, position, recorded_at, latest_at, type, actor, source, request_id, order_id, invoice_id, business_entity_id)
SELECT
    $1, n, $3::bigint * 1000 + n * 100, $3::bigint * 1000 + n * 100,
    CASE
        WHEN n % 7 = 0 THEN 'invoice.recorded'
        WHEN n % 2000 = 1 THEN 'order.deleted'
        WHEN n % 5 = 2 THEN 'order.created'
        ELSE 'order.updated'
    END,
    'key', CASE WHEN n < 100 THEN 'scheduled_job' ELSE 'api' END, 'req_' || n, 'o' || n, 'inv',
    CASE WHEN n % 3000 = 5 THEN 'be_2' WHEN n % 3 = 0 THEN 'be_1' END
FROM generate_series(1, $2::bigint) AS n
"""


@pytest.fixture(scope="module")
def shop(superuser: dict[str, Any], worker_id: str) -> Iterator[tuple[asyncio.Runner, asyncpg.Connection]]:
    """A connection to a database of one's own: one large site among many small ones."""
    with asyncio.Runner() as runner:
        address = runner.run(new_database(superuser, f"event_plans_{worker_id}_{os.getpid()}"))
        connection = runner.run(asyncpg.connect(**address.owner))
        for site, events in {SITE: EVENTS, **{f"stall-{number}": 4 for number in range(300)}}.items():
            runner.run(connection.execute(_FILL, site, events, START_S))
        runner.run(connection.execute("VACUUM (ANALYZE) ledger.change"))
        yield runner, connection
        runner.run(connection.close())


@pytest.mark.parametrize("plans", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("name", WANTED)
def test_a_page_looks_at_no_more_than_it_shows(
    shop: tuple[asyncio.Runner, asyncpg.Connection], name: str, plans: str
) -> None:
    runner, connection = shop
    runner.run(connection.execute(f"SET plan_cache_mode = {plans}"))
    wanted = WANTED[name]
    # Of all pairs of a type and a source four are there at most.
    streams = 1 if wanted is EVERYTHING or name == "a range of time" else 4
    for descending in (True, False):
        for start in (None, HALF):
            index = EventIndex(connection, SITE, wanted, EVENTS, descending)
            text, arguments = index.statement(start, LIMIT)
            plan = runner.run(explained(connection, Statement(text, tuple(arguments), is_bounded=False)))
            assert not reads_whole_table(plan)
            assert rows_read(plan) <= streams * LIMIT, (name, descending, start)
