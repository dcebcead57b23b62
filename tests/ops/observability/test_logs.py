"""What a line of the log is: for people or for what collects logs, never with the text of an exception."""

import asyncio
import gc
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from api.request_context import REQUEST_ID
from ops.observability.logs import (
    JsonFormatter,
    LogFormat,
    LogLevel,
    LogSettings,
    TextFormatter,
    configure_logs,
    log_unhandled,
)

SECRET = "what a client sent"
SENT: dict[str, str] = {}


def record(message: str = "what %s happened", *arguments: Any, fields: Any = None, error: Any = None) -> Any:
    exc_info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("order-ledger", logging.WARNING, __file__, 1, message, arguments or ("ever",), exc_info)
    made.created, made.msecs = 1767700000.25, 250.0
    if fields:
        made.fields = fields
    return made


def fail() -> None:
    try:
        SENT[SECRET]
    except KeyError as missing:
        raise ValueError(SECRET) from missing


def raised() -> ValueError:
    with pytest.raises(ValueError) as found:
        fail()
    return found.value


@pytest.fixture
def in_request() -> Iterator[str]:
    before = REQUEST_ID.set("req_1")
    yield "req_1"
    REQUEST_ID.reset(before)


def test_a_line_for_people() -> None:
    assert (
        TextFormatter("worker").format(record()) == "2026-01-06 11:46:40.250Z WARNING order-ledger: what ever happened"
    )


def test_a_line_for_people_names_the_request_that_it_is_about(in_request: str) -> None:
    assert TextFormatter("worker").format(record()).endswith(f"what ever happened [{in_request}]")


def test_a_line_for_machines_is_one_object(in_request: str) -> None:
    line = JsonFormatter("worker").format(record('two\nlines and "%s"', "quotes", fields={"status": 503, "site": None}))
    assert "\n" not in line
    found = json.loads(line)
    assert found.pop("pid") > 0
    assert found == {
        "time": "2026-01-06T11:46:40.250Z",
        "level": "warning",
        "logger": "order-ledger",
        "message": 'two\nlines and "quotes"',
        "process": "worker",
        "request_id": in_request,
        "status": 503,
    }


@pytest.mark.parametrize("formatter", [TextFormatter, JsonFormatter])
def test_of_an_exception_type_and_places_are_told_and_never_its_text(formatter: type[Any]) -> None:
    line = formatter("worker").format(record(error=raised()))
    assert "builtins.ValueError" in line
    assert "builtins.KeyError" in line
    assert "test_logs.py" in line
    assert SECRET not in line


def test_what_is_not_json_is_written_as_text() -> None:
    assert json.loads(JsonFormatter("worker").format(record(fields={"of": {1, 2}})))["of"] in ("{1, 2}", [1, 2])


def test_a_process_writes_what_it_is_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logs(LogSettings(format=LogFormat.JSON, level=LogLevel.ERROR), "worker")
        logging.getLogger("order-ledger").warning("too little")
        logging.getLogger("order-ledger").error("enough")
    finally:
        root.handlers, root.level = handlers, level
    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "enough"


async def test_of_an_exception_that_nobody_waited_for_the_text_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    """The event loop tells of it by itself, with the whole task."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(log_unhandled)

    async def fail_later() -> None:
        fail()

    task = asyncio.create_task(fail_later())
    await asyncio.wait([task])
    del task
    gc.collect()
    loop.set_exception_handler(before)
    [found] = [each for each in caplog.records if each.name == "asyncio"]
    assert SECRET not in found.getMessage()
    assert "ValueError" in TextFormatter("worker").format(found)
    assert SECRET not in TextFormatter("worker").format(found)
