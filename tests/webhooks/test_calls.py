"""One call over HTTP: its time limits, what an answer may be, and what is told of a failure."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ledger.limits import WEBHOOK_ANSWER_BYTES_MAX
from ledger.webhook_credentials import Credentials
from ops.webhooks.calls import DEFAULT_TIMEOUT, EndpointCalls
from tests.webhooks.receiver import Hang, receiving


@pytest.fixture
async def calls() -> AsyncIterator[EndpointCalls]:
    """Calls to this machine, which is all that a test may reach."""
    async with EndpointCalls(allow_private=True) as calls:
        yield calls


def test_the_time_limits_are_those_that_were_decided() -> None:
    """chargebee/events.md, section 5: connect 10 s, read 20 s, in all 60 s."""
    assert (DEFAULT_TIMEOUT.connect, DEFAULT_TIMEOUT.sock_read, DEFAULT_TIMEOUT.total) == (10.0, 20.0, 60.0)


@pytest.mark.parametrize("limit", [{"sock_read": 0.05}, {"total": 0.05}])
async def test_an_endpoint_that_does_not_answer_in_time_is_a_failure(limit: dict[str, float]) -> None:
    async with (
        receiving(Hang()) as receiver,
        EndpointCalls(allow_private=True, timeout=aiohttp.ClientTimeout(**limit)) as calls,
    ):
        assert await calls.post(receiver.url(), b"{}", None) == "did not answer in time"


async def test_a_connection_that_is_not_taken_in_time_is_a_failure() -> None:
    """A server that is full: its queue is one connection long, and taken."""
    with _full_listener() as port:
        timeout = aiohttp.ClientTimeout(connect=0.2, sock_connect=0.2)
        async with EndpointCalls(allow_private=True, timeout=timeout) as calls:
            reason = await calls.post(f"http://127.0.0.1:{port}/", b"{}", None)
    assert reason == "did not accept a connection in time"


async def test_of_an_endless_answer_only_so_much_is_read(calls: EndpointCalls) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)
            sent += 65536

    async with receiving(endless) as receiver:
        assert await calls.post(receiver.url(), b"{}", None) is None
    # What the sockets between us hold comes on top.
    assert sent < 64 * WEBHOOK_ANSWER_BYTES_MAX


async def test_an_answer_that_breaks_off_after_its_status_has_been_given(calls: EndpointCalls) -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"x")
        assert request.transport is not None
        request.transport.abort()
        return response

    async with receiving(break_off) as receiver:
        assert await calls.post(receiver.url(), b"{}", None) is None


async def test_what_is_no_http_is_a_failure(calls: EndpointCalls) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await calls.post(f"http://127.0.0.1:{port}/", b"{}", None) == "the answer is not valid HTTP"


async def test_a_certificate_that_nobody_vouches_for_is_a_failure(calls: EndpointCalls, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reason = await calls.post(f"https://127.0.0.1:{port}/", b"{}", None)
    assert reason == "the TLS connection failed: the certificate may not be valid"


async def test_a_host_that_is_not_there_is_a_failure(calls: EndpointCalls) -> None:
    assert await calls.post("http://nobody.invalid/", b"{}", None) == "the host of the URL was not found"


async def test_proxies_of_the_environment_are_not_used(calls: EndpointCalls, monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as receiver, receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url(""))
        assert await calls.post(receiver.url(), b"{}", None) is None
    assert (len(receiver.calls), len(proxy.calls)) == (1, 0)


async def test_each_call_has_a_connection_of_its_own_and_no_cookies(calls: EndpointCalls) -> None:
    async def set_cookie(_: web.Request) -> web.Response:
        return web.Response(headers={"Set-Cookie": "a=b"})

    async with receiving(set_cookie) as receiver:
        url = receiver.url().replace("127.0.0.1", "localhost")
        for _ in range(2):
            assert await calls.post(url, b"{}", Credentials(username="", password="x")) is None
    assert all("Cookie" not in call.headers for call in receiver.calls)
    assert {call.headers["Connection"] for call in receiver.calls} == {"close"}
    assert {call.headers["Authorization"] for call in receiver.calls} == {"Basic Ong="}


async def test_a_reason_repeats_nothing_of_the_url() -> None:
    async with EndpointCalls() as calls:
        for url in (
            "http://127.0.0.1:1/secret",
            "http://localhost/secret",
            "http://0x7f.1/secret",
            "http://2130706433/",
        ):
            reason = await calls.post(url, b"{}", None)
            assert reason is not None
            assert "secret" not in reason
            assert "127" not in reason


def test_credentials_have_no_text_of_their_own() -> None:
    assert "secret" not in f"{Credentials(username='secret', password='secret')!r}"


@contextlib.contextmanager
def _full_listener() -> Iterator[int]:
    """The port of a listener that takes no more connections."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(listener.getsockname())
        yield listener.getsockname()[1]


def _self_signed(folder: Path) -> Path:
    """A key with a certificate that only it has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *plain) + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
