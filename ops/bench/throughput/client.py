"""A few single requests to a service: what its peers are to answer as well."""

import base64
import http.client
from urllib.parse import quote, urlencode

import msgspec

from ops.bench.throughput.failure import BenchFailed
from ops.bench.throughput.forms import PAGE_ORDERS

_TIMEOUT_S = 60


class _Entry(msgspec.Struct):
    order: msgspec.Raw


class _Page(msgspec.Struct):
    list: list[_Entry]
    next_offset: str | None = None


def request(port: int, key: str, path: str, form: dict[str, str] | None = None) -> bytes:
    """The body of an answer; a POST where there is a form.

    Raises:
        BenchFailed: the status is not 200.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    headers = {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}
    try:
        if form is None:
            connection.request("GET", f"/api/v2{path}", headers=headers)
        else:
            typed = headers | {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", f"/api/v2{path}", urlencode(form), typed)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise BenchFailed(f"{path}: {answer.status} {body.decode(errors='replace')}")
    return body


def documents(port: int, key: str, filters: str = "") -> list[bytes]:
    """All orders that a list has, page by page, each as it is answered."""
    found: list[bytes] = []
    offset: str | None = ""
    while offset is not None:
        start = f"&offset={quote(offset)}" if offset else ""
        page = msgspec.json.decode(request(port, key, f"/orders?limit={PAGE_ORDERS}{filters}{start}"), type=_Page)
        found.extend(bytes(entry.order) for entry in page.list)
        offset = page.next_offset
    return found


def first_page(port: int, key: str, path: str) -> list[bytes]:
    """The orders of one page, each as it is answered."""
    page = msgspec.json.decode(request(port, key, path), type=_Page)
    return [bytes(entry.order) for entry in page.list]
