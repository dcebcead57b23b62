"""Traces reach a collector where one is configured; elsewhere nothing of OpenTelemetry is imported."""

import asyncio
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from io import StringIO
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from api.app import create_app
from api.metrics.service import Role
from api.services import build_services
from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from ops.database import Address, closed_in_time, create_service_pool
from ops.invoice_loading import load_file
from ops.observability.traces import TracesUnavailable, require_traces, traces_are_wanted
from ops.observability.watch import Watch, watch
from tests.api.requests import ORDERS, Client, basic

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
CALLER = f"00-{TRACE_ID}-b7ad6b7169203331-01"


class Collector:
    """Takes what is exported over HTTP, as a collector does."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.resources: list[dict[str, str]] = []

    async def take(self, request: web.Request) -> web.Response:
        sent = ExportTraceServiceRequest.FromString(await request.read())
        for resource in sent.resource_spans:
            self.resources.append({each.key: each.value.string_value for each in resource.resource.attributes})
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        return web.Response(content_type="application/x-protobuf")

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def inside(self, outer: Span) -> dict[str, list[Span]]:
        """The spans right inside another one, by name."""
        found = defaultdict(list)
        for span in self.spans:
            if span.parent_span_id == outer.span_id:
                found[span.name].append(span)
        return found


def attributes(span: Span) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}


@pytest.fixture
async def collector(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", collector.take)
    async with TestServer(app) as server:
        monkeypatch.setenv(ENDPOINT, str(server.make_url("/")))
        yield collector


class Traced:
    """A client of the API whose requests are traced."""

    def __init__(self, client: Client, watch: Watch) -> None:
        self.client = client
        self._watch = watch

    async def sent(self) -> None:
        """All spans are with the collector; it answers in this event loop."""
        await asyncio.to_thread(self._watch.close)


@pytest.fixture
async def traced(
    collector: Collector,
    address: Address,
    site: Site,
    aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]],
    sample_invoices: dict[str, dict[str, Any]],
) -> AsyncIterator[Traced]:
    found = watch(Role.WORKER, None)
    pool = create_service_pool(address, size_min=0, on_query=found.on_query)

    async def check_ready() -> None:
        pass

    async with closed_in_time(pool):
        await pool
        services = build_services(pool, check_ready=check_ready, metrics=found.metrics, command_handler=found.handler)
        await load_file(pool, site, StringIO(msgspec.json.encode(sample_invoices["inv_0001"]).decode()))
        key = await Sites(pool).create_key(site, "traced", KeyKind.FULL, system_clock_ms())
        client = await aiohttp_client(create_app(services, around=found.around), headers=basic(key))
        yield Traced(client, found)
        await services.appender.close()


async def test_a_command_is_a_trace_from_the_request_to_the_commit(traced: Traced, collector: Collector) -> None:
    response = await traced.client.post(
        ORDERS, data={"invoice_id": "inv_0001", "note": "confidential"}, headers={"traceparent": CALLER}
    )
    await traced.sent()
    [request] = collector.named("create")
    told = attributes(request)
    assert told["http.response.status_code"] == 200
    assert told["order_ledger.operation"] == "create"
    assert told["order_ledger.request_id"] == response.headers["x-request-id"]
    steps = collector.inside(request)
    [decide], [append] = steps["decide"], steps["append"]
    assert decide.end_time_unix_nano <= append.start_time_unix_nano
    [commit] = collector.inside(append)["commit"]
    assert attributes(commit)["order_ledger.batch.commands"] == 1
    assert append.start_time_unix_nano <= commit.start_time_unix_nano <= commit.end_time_unix_nano
    assert commit.end_time_unix_nano <= append.end_time_unix_nano


async def test_the_trace_that_a_client_has_begun_goes_on(traced: Traced, collector: Collector) -> None:
    await traced.client.get(f"{ORDERS}/nobody", headers={"traceparent": CALLER})
    await traced.sent()
    [request] = collector.named("retrieve")
    assert request.trace_id.hex() == TRACE_ID
    assert request.parent_span_id.hex() == "b7ad6b7169203331"
    assert {span.trace_id.hex() for span in collector.spans} == {TRACE_ID}


async def test_statements_are_named_for_their_files(traced: Traced, collector: Collector) -> None:
    await traced.client.get(f"{ORDERS}/nobody")
    await traced.sent()
    [request] = collector.named("retrieve")
    assert "find_key" in collector.inside(request)


async def test_spans_hold_nothing_that_a_client_sent(traced: Traced, collector: Collector) -> None:
    await traced.client.post(ORDERS, data={"invoice_id": "inv_0001", "id": "own-id", "note": "confidential"})
    await traced.client.post(f"{ORDERS}/own-id", data={"note": "confidential", "status": "confidential"})
    await traced.client.get(f"{ORDERS}/own-id", params={"confidential": "confidential"})
    await traced.sent()
    assert len(collector.named("update")) == 1
    text = str(collector.spans)
    assert "confidential" not in text
    assert "own-id" not in text
    assert traced.client.session.headers["Authorization"] not in text


async def test_a_trace_says_which_service_and_process_it_is_of(traced: Traced, collector: Collector) -> None:
    await traced.client.get(f"{ORDERS}/nobody")
    await traced.sent()
    resource = collector.resources[0]
    assert (resource["service.name"], resource["order_ledger.role"]) == ("order-ledger", "worker")
    assert resource["service.version"]


def test_traces_are_wanted_where_a_collector_is_named_and_they_are_not_turned_off() -> None:
    assert not traces_are_wanted({})
    assert not traces_are_wanted({ENDPOINT: ""})
    assert traces_are_wanted({ENDPOINT: "http://127.0.0.1:4318"})
    assert traces_are_wanted({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"})
    assert not traces_are_wanted({ENDPOINT: "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"})
    assert not traces_are_wanted({ENDPOINT: "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"})


@pytest.mark.parametrize("missing", ["opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"])
def test_a_service_that_cannot_send_the_traces_that_are_wanted_says_how_it_could(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(f"{missing}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    require_traces({})
    with pytest.raises(TracesUnavailable, match=r"order-ledger\[otel\]"):
        require_traces({ENDPOINT: "http://127.0.0.1:4318"})


def test_where_traces_are_not_wanted_their_library_is_not_imported() -> None:
    program = """
import sys, ops.serving.worker, ops.serving.background
from api.metrics.service import Role
from ops.observability.watch import watch
found = watch(Role.WORKER, None)
assert found.on_query is None
assert not [name for name in sys.modules if name.startswith("opentelemetry")]
"""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    subprocess.run([sys.executable, "-c", program], env=environ, check=True)
