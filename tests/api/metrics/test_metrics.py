"""What /metrics tells of a process and of the database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from api.intake.operation import INTAKE_ROUTES
from api.metrics.answering import answering
from api.metrics.operations import OPERATIONS
from api.metrics.sampling import sample
from api.metrics.service import Role
from api.metrics.settings import CONSUMERS, MetricsSettings
from api.routes import ROUTES
from api.services import Services, build_services
from ledger.batch import Append, Outcome
from ledger.errors import DatabaseUnavailable, LedgerError
from ledger.ids import Site, order_stream
from ops.database import Address, closed_in_time, create_service_pool
from ops.serving.configuration import Signing
from ops.serving.consumers import consumers
from ops.serving.processes import processes
from tests.api.requests import ORDERS, Client, create, refused
from tests.conftest import new_site
from tests.ledger.transparency.given import Signer
from tests.log.appends import append as append_to
from tests.log.appends import append_batch

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def read(client: Client, **headers: str) -> Samples:
    """Samples by name and labels."""
    response = await client.get("/metrics", headers={"Authorization": "", **headers})
    assert response.status == 200, await response.text()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(await response.text())
        for sample in family.samples
    }


def of(found: Samples, name: str, **labels: str) -> float:
    return found[f"order_ledger_{name}", frozenset(labels.items())]


def test_every_operation_has_a_place_to_be_counted() -> None:
    assert {*OPERATIONS} == {route.name for route in (*ROUTES, *INTAKE_ROUTES)}


def test_every_status_of_a_refusal_has_a_place_to_be_counted(services: Services) -> None:
    def statuses(kind: type[LedgerError]) -> set[int]:
        return {kind.http_status}.union(*map(statuses, kind.__subclasses__()))

    [refusals] = [each for each in services.metrics.instruments.families if each.name.endswith("requests_refused")]
    assert {str(status) for status in statuses(LedgerError)} <= {status for (status,) in refusals.series}


def test_every_consumer_is_watched(services: Services, signer: Signer) -> None:
    signing = Signing(keys_dir=str(signer.keys.path), anchors_dir=str(signer.anchors.folder))
    running = processes(services)
    for loop in running.loops:
        loop.close()
    assert {*CONSUMERS} == {each.name for each in (*consumers(signing), *running.consumers)}


async def test_requests_are_counted_by_operation_and_class_of_status(client: Client) -> None:
    await create(client)
    await create(client)
    await refused(await client.get(f"{ORDERS}/nobody"), 404, "resource_not_found")
    await client.get("/api/v2/no_such_thing")
    found = await read(client)
    assert of(found, "request_duration_seconds_count", operation="create", status="2xx") == 2
    assert of(found, "request_duration_seconds_count", operation="retrieve", status="4xx") == 1
    assert of(found, "request_duration_seconds_count", operation="unknown", status="4xx") == 1
    assert of(found, "request_duration_seconds_sum", operation="create", status="2xx") > 0
    assert of(found, "requests_refused_total", status="404") == 2


async def test_commits_are_counted_with_what_they_hold(client: Client) -> None:
    for _ in range(3):
        await create(client)
    found = await read(client)
    assert of(found, "append_commit_seconds_count") == 3
    assert of(found, "append_batch_commands_sum") == 3
    assert of(found, "append_events_total") == 3


async def test_commands_that_lose_a_race_are_counted(
    client: Client, services: Services, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await create(client)
    append_own = services.appender.append
    overtaken: list[Append] = []

    async def append_after_another(command: Append) -> Outcome:
        if not overtaken:
            overtaken.append(command)
            await append_batch(services.pool, append_to(site, (order_stream(order["id"]), 2)))
        return await append_own(command)

    monkeypatch.setattr(services.appender, "append", append_after_another)
    assert (await client.post(f"{ORDERS}/{order['id']}", data={"note": "mine"})).status == 200
    assert of(await read(client), "append_conflicts_total") == 1


async def test_nothing_that_a_client_sends_becomes_a_label(client: Client) -> None:
    await client.get("/api/v2/orders/secret-one", params={"secret-two": "x"})
    await client.get("/secret-three")
    await client.request("SECRETFOUR", ORDERS)
    assert "secret" not in (await (await client.get("/metrics")).text()).lower()


async def test_a_process_tells_what_it_has_at_work(client: Client, services: Services) -> None:
    sample(services.metrics, Role.WORKER, services.pool, services.appender, more=answering(services))
    found = await read(client)
    assert of(found, "processes", role="worker") == 1
    assert of(found, "process_resident_memory_bytes", role="worker") > 10_000_000
    assert of(found, "append_queue_commands") == 0
    assert of(found, "requests_in_flight") == 0
    assert of(found, "pool_connections_max") == services.pool.get_max_size()


@pytest.fixture
async def own(
    own_address: Address, aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]]
) -> AsyncIterator[Callable[..., Awaitable[tuple[Client, asyncpg.Pool]]]]:
    """Serves a database of the test's own: metrics tell of all sites."""
    pool = create_service_pool(own_address)

    async def check_ready() -> None:
        raise DatabaseUnavailable

    async def serve(settings: MetricsSettings) -> tuple[Client, asyncpg.Pool]:
        services = build_services(pool, check_ready=check_ready)
        return await aiohttp_client(create_app(services, metrics=settings)), pool

    async with closed_in_time(pool):
        await pool
        yield serve


Own = Callable[..., Awaitable[tuple[Client, asyncpg.Pool]]]


async def append(pool: asyncpg.Pool, *sites: Site, now_ms: int) -> None:
    """One event each that no order is about; lags tell of places in the log alone."""
    for site in sites:
        await pool.execute(
            "INSERT INTO ledger.event SELECT $1, position + 1, 'note-1', position + 1, 'noted', $2, position::text,"
            " sha256(''), '' FROM ledger.head WHERE site = $1",
            site,
            now_ms,
        )
        await pool.execute("UPDATE ledger.head SET position = position + 1 WHERE site = $1", site)


async def test_lags_are_told_in_events_and_seconds_over_all_sites(own: Own) -> None:
    client, pool = await own(MetricsSettings())
    one, two = await new_site(pool), await new_site(pool)
    await append(pool, one, one, one, two, now_ms=1_000)
    found = await read(client)
    assert of(found, "sites") == 2
    assert of(found, "log_events_total") == 4
    for consumer in CONSUMERS:
        assert of(found, "consumer_lag_events", consumer=consumer) == 4, "also of one that has never run"
        assert of(found, "consumer_lag_events_max", consumer=consumer) == 3
        assert of(found, "consumer_lag_seconds", consumer=consumer) > 1_000_000
    assert of(found, "unsigned_seconds") > 1_000_000
    assert of(found, "unanchored_seconds", place="file") > 1_000_000


async def test_a_consumer_that_has_handled_all_is_not_behind(own: Own) -> None:
    client, pool = await own(MetricsSettings())
    site = await new_site(pool)
    await append(pool, site, now_ms=1_000)
    for name in CONSUMERS:
        await pool.execute("INSERT INTO ledger.consumer VALUES ($1, $2, 1)", site, name)
    await pool.execute("INSERT INTO ledger.checkpoint VALUES ($1, 1, '', 2000)", site)
    await pool.execute("INSERT INTO ledger.anchor VALUES ($1, 'file', 1, 3000)", site)
    found = await read(client)
    for consumer in CONSUMERS:
        assert of(found, "consumer_lag_events", consumer=consumer) == 0
        assert of(found, "consumer_lag_seconds", consumer=consumer) == 0
    assert of(found, "unsigned_seconds") == 0
    assert of(found, "unanchored_seconds", place="file") == 0
    assert of(found, "checkpoint_timestamp_seconds") == 2
    assert of(found, "anchor_timestamp_seconds", place="file") == 3


async def test_what_is_parked_and_what_waits_to_be_delivered_is_counted(own: Own) -> None:
    client, pool = await own(MetricsSettings())
    one, two = await new_site(pool), await new_site(pool)
    for site in (one, two):
        await pool.execute("INSERT INTO ledger.parked VALUES ($1, 'orders', 'order-1', 1, 1, 'torn', 0)", site)
        await pool.execute("INSERT INTO ledger.parked_invoice VALUES ($1, 'inv', 1, 'torn', 1, 0, 0)", site)
        await pool.execute("INSERT INTO ledger.request_not_kept VALUES ($1, 'dropped', 5, 0)", site)
        for position, finished_at, due_at in ((1, None, 9), (2, None, 9), (3, 7, 9), (4, 7, None)):
            await pool.execute(
                "INSERT INTO ledger.webhook_delivery (site, position, endpoint_id, place, status, recorded_at, due_at,"
                " first_finished_at) VALUES ($1, $2, 'we_1', 0, 'scheduled', 6, $3, $4)",
                site,
                position,
                due_at,
                finished_at,
            )
    found = await read(client)
    assert of(found, "parked_orders", projection="orders") == 2
    assert of(found, "parked_invoices") == 2
    assert of(found, "requests_not_kept_total", reason="dropped") == 10
    assert of(found, "webhook_deliveries_waiting", call="first") == 4
    assert of(found, "webhook_deliveries_waiting", call="further") == 2
    assert of(found, "webhook_first_call_lag_seconds") > 1_000_000


async def test_no_site_is_named_unless_the_operator_asks_for_it(own: Own) -> None:
    client, pool = await own(MetricsSettings())
    site = await new_site(pool)
    assert site not in await (await client.get("/metrics")).text()


async def test_so_many_sites_are_named_as_the_operator_asks_for(own: Own) -> None:
    client, pool = await own(MetricsSettings(sites_max=2))
    names = sorted([await new_site(pool) for _ in range(3)])
    await append(pool, names[1], names[1], now_ms=1_000)
    found = await read(client)
    assert {dict(labels)["site"] for name, labels in found if name.startswith("order_ledger_site_")} == {*names[:2]}
    assert of(found, "site_log_events_total", site=names[1]) == 2
    assert of(found, "site_consumer_lag_events", site=names[1], consumer="changes") == 2
    assert of(found, "site_consumer_lag_seconds", site=names[1], consumer="changes") > 1_000_000


async def test_a_database_that_does_not_answer_is_told_and_the_rest_as_well(own: Own) -> None:
    client, pool = await own(MetricsSettings())
    await pool.close()
    found = await read(client)
    assert of(found, "database_up") == 0
    assert of(found, "append_queue_commands") == 0
    assert not any(name == "order_ledger_consumer_lag_events" for name, _ in found)


async def test_metrics_are_told_when_too_many_requests_are_answered_to_take_more(
    client: Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.traffic.REQUESTS_IN_FLIGHT_MAX", 0)
    assert (await client.get(f"{ORDERS}/one")).status == 503
    found = await read(client)
    assert of(found, "request_duration_seconds_count", operation="unknown", status="5xx") == 1


async def test_a_reader_without_the_token_is_refused_in_the_shape_of_the_api(own: Own) -> None:
    client, _ = await own(MetricsSettings(token="t"))
    response = await client.get("/metrics")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    await refused(response, 401, "api_authentication_failed")
    assert of(await read(client, Authorization="Bearer t"), "database_up") == 1


async def test_a_reader_gets_the_form_that_it_asks_for(client: Client) -> None:
    plain = await client.get("/metrics")
    assert plain.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    openmetrics = await client.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    assert openmetrics.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert (await openmetrics.text()).endswith("# EOF\n")
