"""The generator of load counts what was answered, and never counts a refusal or a connection that broke."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from ops.bench.throughput.connection import UnexpectedAnswer
from ops.bench.throughput.failure import BenchFailed
from ops.bench.throughput.generator import Load
from ops.bench.throughput.load import run_load
from ops.bench.throughput.plan import Message, Outcome, Plan

OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"order":1}'
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"
REQUEST = [b"GET /orders/", b" HTTP/1.1\r\nHost: here\r\n\r\n"]

Answer = Callable[[int, asyncio.StreamWriter], Awaitable[None]]
"""Answers the request with this number, counted from 1 over all connections."""


class Server:
    """Keeps the requests that came."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.port = 0


@contextlib.asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[Server]:
    """A server on a free port."""
    server = Server()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while not writer.is_closing():
                server.requests.append(await reader.readuntil(b"\r\n\r\n"))
                await answer(len(server.requests), writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    served: list[asyncio.Task[None]] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.create_task(serve(reader, writer)))

    listener = await asyncio.start_server(accept, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield server
        # The generator has closed its connections, and each that is served ends by that.
        await asyncio.gather(*served)


async def all_well(_: int, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


async def outcome_of(plan: Plan) -> Outcome:
    told: list[Message] = []
    await Load(plan, told.append).run()
    assert isinstance(told[-1], Outcome)
    return told[-1]


async def test_as_many_answers_are_counted_as_requests_were_to_be_sent_and_no_two_are_the_same() -> None:
    async with answering(all_well) as server:
        outcome = await outcome_of(Plan(port=server.port, connections=4, requests=[REQUEST], count=200))
    assert outcome.answers == 200
    assert len(server.requests) == len(set(server.requests)) == 200
    assert 0 < (outcome.p50_ms or 0) <= (outcome.p99_ms or 0)


async def test_answers_count_once_in_whatever_pieces_they_come() -> None:
    async def in_pieces(number: int, writer: asyncio.StreamWriter) -> None:
        cut = number % len(OK)
        for piece in (OK[:cut], OK[cut:]):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    async with answering(in_pieces) as server:
        outcome = await outcome_of(Plan(port=server.port, connections=2, requests=[REQUEST], count=2 * len(OK)))
    assert outcome.answers == 2 * len(OK)


async def test_only_answers_between_warm_up_and_end_count() -> None:
    async with answering(all_well) as server:
        plan = Plan(port=server.port, connections=2, requests=[REQUEST], warm_up_s=0.1, seconds=0.1)
        outcome = await outcome_of(plan)
    assert 0 < outcome.answers < len(server.requests)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (BUSY, "503 Service Unavailable"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "no Content-Length"),
        (OK + OK, "bytes more than the answer has"),
        (b"", "closed a connection"),
    ],
)
async def test_an_answer_that_cannot_be_counted_ends_the_load(answer: bytes, reason: str) -> None:
    async def one_wrong(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(answer if number == 10 else OK)
        if not answer and number == 10:
            writer.close()

    async with answering(one_wrong) as server:
        with pytest.raises(UnexpectedAnswer, match=reason):
            await outcome_of(Plan(port=server.port, connections=2, requests=[REQUEST], count=1000))


async def test_at_a_constant_rate_a_request_waits_from_when_it_was_due() -> None:
    """One connection whose first answer is late: those behind it were due meanwhile, and are charged for the wait."""
    release = asyncio.Event()

    async def first_late(number: int, writer: asyncio.StreamWriter) -> None:
        if number == 1:
            asyncio.get_running_loop().call_later(0.45, release.set)
            await release.wait()
        writer.write(OK)

    async with answering(first_late) as server:
        plan = Plan(port=server.port, connections=1, requests=[REQUEST], seconds=0.6, rate_per_s=100)
        outcome = await outcome_of(plan)
    # Three in four fell due while nothing was answered; each waited for less than the one before.
    assert outcome.answers > 40
    assert (outcome.p99_ms or 0) > 400
    assert 50 < (outcome.p50_ms or 0) < (outcome.p99_ms or 0)


async def test_a_refusal_in_the_other_process_is_told_with_its_text_and_leaves_no_figure() -> None:
    async def refuses(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(OK if number < 5 else BUSY)

    async with answering(refuses) as server:
        plan = Plan(port=server.port, connections=1, requests=[REQUEST], count=10)
        with pytest.raises(BenchFailed, match=r"503 Service Unavailable(.|\r|\n)*busy"):
            await asyncio.to_thread(run_load, plan, {})
