"""A client of server-sent events as the WHATWG specification describes it: lines, fields, and the last id."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import msgspec
from aiohttp import ClientResponse

from tests.api.requests import Client, bracketed
from tests.log.waiting import PATIENCE_S

ACCEPT = {"Accept": "text/event-stream"}


class ServerEvent(NamedTuple):
    """One event that was dispatched; ``id`` is the last event id at that time."""

    id: str
    name: str
    data: Any


class EventSource:
    """Reads one response. ``last_event_id`` is what it would resume from; ``comments`` counts heartbeats."""

    def __init__(self, response: ClientResponse, last_event_id: str = "") -> None:
        self.response = response
        self.last_event_id = last_event_id
        self.comments = 0
        self.retry_ms: int | None = None

    async def events(self) -> AsyncIterator[ServerEvent]:
        """Events until the response ends. An event that is cut off is not dispatched."""
        name, event_id = "", self.last_event_id
        data: list[str] = []
        async for raw in self.response.content:
            if not raw.endswith(b"\n"):
                return
            line = raw.decode().removesuffix("\n")
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if line == "":
                self.last_event_id = event_id
                if data:
                    yield ServerEvent(event_id, name or "message", msgspec.json.decode("\n".join(data)))
                name, data = "", []
            elif line.startswith(":"):
                self.comments += 1
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif field == "id":
                event_id = value
            elif field == "retry":
                self.retry_ms = int(value)


CHANGES = "/api/v2/ledger/changes"


@contextlib.asynccontextmanager
async def stream(client: Client, resume_from: str = "", **params: str) -> AsyncIterator[EventSource]:
    """An open stream; ``type__is`` is the filter ``type[is]``."""
    headers = {**ACCEPT, **({"Last-Event-ID": resume_from} if resume_from else {})}
    query = {bracketed(name): value for name, value in params.items()}
    async with client.get(CHANGES, params=query, headers=headers) as response:
        assert response.status == 200, await response.text()
        yield EventSource(response, resume_from)


async def take(source: EventSource, count: int) -> list[ServerEvent]:
    """The next events."""
    found: list[ServerEvent] = []
    async with asyncio.timeout(PATIENCE_S):
        async for event in source.events():
            found.append(event)
            if len(found) == count:
                break
    return found


async def read_until_end(source: EventSource) -> list[ServerEvent]:
    """All events until the server ends the stream."""
    async with asyncio.timeout(PATIENCE_S):
        return [event async for event in source.events()]
