"""A site for one batch of requests: invoices, orders in several states, and the words that requests can use.

| Word | Stands for |
|---|---|
| ``~KEY~``, ``~READER~`` | authorization with a full-access and with a read-only key |
| ``~LINE0~`` ... ``~LINE3~`` | lines of the orders ``a`` and ``b/c`` |
| ``~EVENT~`` | the id of an event |
| ``~OFFSET~`` | the second page of a list with ``limit=1`` |
"""

import base64
import json
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from api.services import Services
from ledger.ids import IdSource, Position, Site, system_clock_ms
from ledger.sites import KeyKind
from ops.invoice_files import Entry
from ops.invoice_loading import load_invoices
from ops.operator import operator
from tests.conftest import new_site
from tests.fuzz.wire import Answer, Request, exchange
from tests.ledger.transparency.given import Signer

FORM = (b"Content-Type", b"application/x-www-form-urlencoded")
KEY = (b"Authorization", b"~KEY~")
ORDERS = b"/api/v2/orders"
INVOICES = ("inv_0001", "inv_0002", "inv_0004")
_TIMES = {"created_at": 1517505731, "order_date": 1517505731, "shipping_date": 1517505731}


@dataclass(frozen=True, slots=True)
class Playground:
    """A site as a batch finds it. ``start`` is the last position before the batch."""

    site: Site
    words: dict[bytes, bytes]
    start: Position

    def filled(self, request: Request) -> Request:
        """The request with its words filled in."""
        return replace(
            request,
            target=self._fill(request.target),
            headers=tuple((name, self._fill(value)) for name, value in request.headers),
            body=self._fill(request.body),
            raw=None if request.raw is None else self._fill(request.raw),
        )

    def _fill(self, text: bytes) -> bytes:
        if b"~" in text:
            for word, value in self.words.items():
                text = text.replace(word, value)
        return text


async def new_playground(services: Services, port: int, invoices: list[Entry]) -> Playground:
    """Make a site, load the invoices, and make orders."""
    site = await new_site(services.pool)
    words = {
        b"~KEY~": await _authorization(services, site, KeyKind.FULL),
        b"~READER~": await _authorization(services, site, KeyKind.READ_ONLY),
    }
    await load_invoices(services.handler, operator(site, live=False, ids=IdSource()), invoices)
    empty = Playground(site, words, Position(0))
    answers = await _ask(
        empty, port, [_import("a", "inv_0002"), _import("b/c", "inv_0004"), _create("m"), _create("n")]
    )
    lines = [line["id"] for answer in answers for line in json.loads(answer.body)["order"].get("order_line_items", [])]
    words |= {b"~LINE%d~" % place: line.encode() for place, line in enumerate(lines[:4])}
    [page] = await _ask(empty, port, [Request(b"GET", ORDERS + b"?limit=1", (KEY,))])
    words[b"~OFFSET~"] = json.loads(page.body)["next_offset"].encode()
    [events] = await _ask(empty, port, [Request(b"GET", b"/api/v2/events?limit=1", (KEY,))])
    words[b"~EVENT~"] = json.loads(events.body)["list"][0]["event"]["id"].encode()
    folder = services.proofs.folder.path.parent
    start = await Signer(services.pool, site, folder).sign()
    return Playground(site, words, start)


async def _ask(playground: Playground, port: int, requests: list[Request]) -> list[Answer]:
    """Answers to requests that must go well, one after another."""
    done = await exchange(port, [playground.filled(request) for request in requests], lanes=1)
    answers = [each.answer for each in done if each.answer and each.answer.status == 200]
    assert len(answers) == len(requests), done
    return answers


async def _authorization(services: Services, site: Site, kind: KeyKind) -> bytes:
    key = await services.sites.create_key(site, f"{kind.value}_key", kind, system_clock_ms())
    return b"Basic " + base64.b64encode(f"{key}:".encode())


def _import(order_id: str, invoice_id: str) -> Request:
    form = {"id": order_id, "invoice_id": invoice_id, "status": "queued", **_TIMES}
    return Request(b"POST", ORDERS + b"/import_order", (KEY, FORM), urlencode(form).encode())


def _create(order_id: str) -> Request:
    return Request(b"POST", ORDERS, (KEY, FORM), urlencode({"id": order_id, "invoice_id": "inv_0001"}).encode())
