"""A relay between a client and the server that loses answers and puts others in their place, as networks do."""

import contextlib
import http.client
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from api.app import refusal
from ledger.errors import LedgerError

_PATIENCE_S = 30.0
_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What becomes of one request: ``told`` is answered instead; with ``lost`` the server has done its work before."""

    told: LedgerError | None = None
    lost: bool = False


@dataclass
class Relay:
    """Where the client sends its requests. Requests beyond the ``faults`` pass unharmed."""

    address: str
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def keys(self) -> list[str | None]:
        """The idempotency keys of the requests that came."""
        return [headers.get("chargebee-idempotency-key") for _, _, headers, _ in self.requests]

    @property
    def attempts(self) -> list[str | None]:
        """What the client says about which attempt a request is."""
        return [headers.get("x-cb-retry-attempt") for _, _, headers, _ in self.requests]


@contextlib.contextmanager
def relay_to(upstream: str) -> Iterator[Relay]:
    """A relay to a server, given by host and port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        relay = Relay(f"127.0.0.1:{server.server_address[1]}")
        server.RequestHandlerClass = _handler(relay, upstream)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield relay
        finally:
            server.shutdown()
            thread.join(_PATIENCE_S)


def _handler(relay: Relay, upstream: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            relay.requests.append((self.command, self.path, headers, body))
            fault = relay.faults.pop(0) if relay.faults else Fault()
            if fault.told is None or fault.lost:
                status, answered, content = _ask(upstream, self.command, self.path, headers, body)
            if fault.told is not None:
                told = refusal(fault.told)
                assert isinstance(told.body, bytes)
                status, answered, content = told.status, dict(told.headers), told.body
            self.send_response_only(status)
            for name, value in answered.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = _pass_on  # noqa: N815 - the names that its base looks for
        do_POST = _pass_on  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Nothing on standard error."""

    return Handler


def _ask(
    upstream: str, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(upstream, timeout=_PATIENCE_S)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP}
        return answer.status, kept, content
    finally:
        connection.close()
