"""A line for each request: enough to find it again, and nothing that a client sent."""

import logging
from typing import Any

import pytest

from api.request_context import REQUEST_ID
from api.request_log import RequestLog
from api.requests.exchange import Exchange
from ledger.limits import REQUEST_FAILURES_LOGGED_PER_SECOND_MAX
from tests.api.requests import ORDERS, Client, create

LOGGER = "order-ledger.requests"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class _Request:
    method = "GET"


def fail(log: RequestLog, times: int) -> None:
    request: Any = _Request()
    for _ in range(times):
        log.answered(request, Exchange("req_1", 0), 503, 0.5)


async def test_each_request_is_a_line_for_who_debugs(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, LOGGER)
    seen: list[str | None] = []

    def note_request(_: logging.LogRecord) -> bool:
        seen.append(REQUEST_ID.get())
        return True

    caplog.handler.addFilter(note_request)
    response = await client.post(ORDERS, data={"invoice_id": "inv_0001", "note": "confidential"})
    [line] = [record for record in caplog.records if record.name == LOGGER]
    fields: dict[str, Any] = line.fields  # type: ignore[attr-defined]
    assert (fields["operation"], fields["method"], fields["status"]) == ("create", "POST", 200)
    assert fields["duration_ms"] > 0
    assert response.headers["x-request-id"] in seen
    assert "confidential" not in str(vars(line))


async def test_requests_that_succeed_or_are_refused_are_no_lines_otherwise(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    await create(client)
    await client.get(f"{ORDERS}/nobody")
    assert [record for record in caplog.records if record.name == LOGGER] == []


async def test_a_request_that_fails_is_a_line_with_what_finds_it_again(
    client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.traffic.REQUESTS_IN_FLIGHT_MAX", 0)
    await client.get(f"{ORDERS}/one")
    [line] = [record for record in caplog.records if record.name == LOGGER]
    assert line.levelno == logging.WARNING
    assert line.getMessage().startswith("unknown was answered 503 after ")


def test_the_requests_of_an_outage_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    log = RequestLog(clock)
    fail(log, 1000)
    assert len(caplog.records) == REQUEST_FAILURES_LOGGED_PER_SECOND_MAX
    clock.now += 1
    fail(log, 1)
    left = 1000 - REQUEST_FAILURES_LOGGED_PER_SECOND_MAX
    assert caplog.messages[-2:] == [
        f"{left} more requests failed within a second and are not listed",
        "unknown was answered 503 after 500.0 ms",
    ]
