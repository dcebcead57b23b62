"""Requests as exact bytes over a socket, and answers as exact bytes back: nothing in between that would be polite."""

import base64
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it came over the wire, headers as they are spelled there."""

    status: int
    headers: list[tuple[str, str]]
    raw: bytes

    @property
    def body(self) -> Any:
        """The JSON of the answer."""
        return json.loads(self.raw)

    @property
    def order(self) -> dict[str, Any]:
        """The order of an answer that has to be a success."""
        assert self.status == 200, self.raw
        order: dict[str, Any] = self.body["order"]
        return order

    @property
    def orders(self) -> list[dict[str, Any]]:
        """The orders of a page."""
        assert self.status == 200, self.raw
        return [entry["order"] for entry in self.body["list"]]

    def exactly(self, name: str) -> str | None:
        """The value of a header that is spelled exactly so."""
        return dict(self.headers).get(name)


class Line:
    """One connection, on which requests follow each other as long as both sides like."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self.address = address
        self._socket = socket.create_connection((host, int(port)), timeout=_PATIENCE_S)
        self._answers = self._socket.makefile("rb")

    def close(self) -> None:
        """Hang up."""
        self._answers.close()
        self._socket.close()

    def send(self, *head: str, body: bytes = b"") -> RawAnswer:
        """Send a request line, header lines and a body, and wait for the answer; nothing is added."""
        self.say("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        return self.hear()

    def say(self, text: bytes) -> None:
        """Send bytes."""
        self._socket.sendall(text)

    def hear(self) -> RawAnswer:
        """The next answer."""
        status = int(self._answers.readline().split()[1])
        headers = list(self._headers())
        length = {name.lower(): value for name, value in headers}["content-length"]
        return RawAnswer(status, headers, self._answers.read(int(length)))

    def hear_interim(self) -> int:
        """The status of an answer before the answer."""
        status = int(self._answers.readline().split()[1])
        assert list(self._headers()) == []
        return status

    @property
    def has_ended(self) -> bool:
        """Whether the server has hung up."""
        return self._answers.read(1) == b""

    def _headers(self) -> Iterator[tuple[str, str]]:
        while (line := self._answers.readline().decode("latin-1").rstrip("\r\n")) != "":
            name, _, value = line.partition(": ")
            yield name, value


def with_colon(key: str) -> str:
    """The header of most clients."""
    return "Authorization: Basic " + base64.b64encode(f"{key}:".encode()).decode()


def without_colon(key: str) -> str:
    """The header of the PHP and Go SDKs."""
    return "Authorization: Basic " + base64.b64encode(key.encode()).decode()
