"""Clients in other languages, written down byte by byte (chargebee/conventions.md, section 10): what they send, and
what they must find in the answers.
"""

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.contract import CONTRACT
from tests.sdk.conftest import Shop
from tests.sdk.raw_sockets import Line, RawAnswer, with_colon, without_colon
from tests.serving import Server

FORM = "application/x-www-form-urlencoded"
IMPORT = "invoice_id=inv_0002&status=queued&created_at=1517000000&order_date=1517000000&shipping_date=1517000000"
REPLAYED = "chargebee-idempotency-replayed"
PAGES_MAX = 30


@pytest.fixture
def line(shop: Shop) -> Iterator[Line]:
    line = Line(shop.address)
    yield line
    line.close()


def curl(line: Line, shop: Shop, path: str, form: str | None = None) -> RawAnswer:
    """As curl sends it: brackets as they are."""
    head = [f"Host: {line.address}", with_colon(shop.key), "User-Agent: curl/8.5.0", "Accept: */*"]
    if form is None:
        return line.send(f"GET /api/v2{path} HTTP/1.1", *head)
    sizes = [f"Content-Length: {len(form.encode())}", f"Content-Type: {FORM}"]
    return line.send(f"POST /api/v2{path} HTTP/1.1", *head, *sizes, body=form.encode())


def test_curl_sends_brackets_and_quotes_as_they_are(line: Line, shop: Shop) -> None:
    form = IMPORT + "&shipping_address[city]=Walnut&shipping_address[line1]=PO+Box+9999"
    order = curl(line, shop, "/orders/import_order", form).order
    assert order["shipping_address"]["line1"] == "PO Box 9999"
    first = order["order_line_items"][0]["id"]
    part = f"order_line_items[id][0]={first}&order_line_items[fulfillment_quantity][0]=2"
    again = curl(line, shop, f"/orders/{order['id']}/resend", part).order
    assert again["original_order_id"] == order["id"]
    assert curl(line, shop, '/orders?limit=5&status[in]=["queued","shipped"]&sort_by[asc]=created_at').orders == [
        curl(line, shop, f"/orders/{order['id']}").order,
        again,
    ]


def pages(page: Callable[[str], RawAnswer], *, mangled: bool = False) -> list[dict[str, Any]]:
    """All orders of a list; ``mangled`` offsets are read as JSON, where they are JSON, and printed anew."""
    orders: list[dict[str, Any]] = []
    more = ""
    for _ in range(PAGES_MAX):
        answer = page(more)
        orders += answer.orders
        offset = answer.body.get("next_offset")
        if offset is None:
            return orders
        if mangled:
            with contextlib.suppress(ValueError):
                offset = str(json.loads(offset))
        more = f"&offset={offset}"
    raise AssertionError("the list has no end")


def airbyte(line: Line, shop: Shop, query: str) -> RawAnswer:
    """As source-chargebee sends it, through python-requests."""
    return line.send(
        f"GET /api/v2/orders?{query} HTTP/1.1",
        f"Host: {line.address}",
        "User-Agent: python-requests/2.32.3",
        "Accept-Encoding: gzip, deflate",
        "Accept: */*",
        "Connection: keep-alive",
        with_colon(shop.key),
    )


def airbyte_slice(line: Line, shop: Shop, first: int, last: int) -> list[dict[str, Any]]:
    """What was changed from one second to another, both included; ten to a page, since it asks for no limit."""
    query = f"sort_by%5Basc%5D=updated_at&include_deleted=true&updated_at%5Bbetween%5D=%5B{first}%2C+{last}%5D"
    return pages(lambda offset: airbyte(line, shop, query + offset))


def test_airbyte_reads_slices_that_meet_end_to_end_and_misses_nothing(line: Line, shop: Shop) -> None:
    for number in range(12):
        curl(line, shop, "/orders", f"invoice_id=inv_0001&id=order-{number:02}")
    gone = curl(line, shop, "/orders/import_order", IMPORT).order["id"]
    curl(line, shop, f"/orders/{gone}/delete", "")
    updated = sorted({order["updated_at"] for order in airbyte(line, shop, "limit=100&include_deleted=true").orders})
    seen: list[dict[str, Any]] = []
    for second in range(updated[0] - 1, updated[-1] + 2):
        # One slice for each second, the next one second behind the end of the last.
        seen += airbyte_slice(line, shop, second, second)
    assert sorted(order["id"] for order in seen) == sorted([*(f"order-{number:02}" for number in range(12)), gone])
    assert all("updated_at" in order and "object" in order for order in seen)
    assert [order["deleted"] for order in seen if order["id"] == gone] == [True]


def test_airbyte_is_told_of_a_wrong_slice_in_json(line: Line, shop: Shop) -> None:
    answer = airbyte(line, shop, "updated_at%5Bbetween%5D=%5B2%2C+1%5D")
    assert (answer.status, answer.body["api_error_code"]) == (400, "param_wrong_value")
    assert answer.body["error_code"]


def tap(line: Line, shop: Shop, path: str, query: str) -> RawAnswer:
    """As tap-chargebee sends it: the limit and the deleted ones on every request, also where nobody needs them."""
    return line.send(
        f"GET /api/v2{path}?{query}limit=100&include_deleted=True HTTP/1.1",
        f"Host: {shop.site}.chargebee.com",
        "User-Agent: tap-chargebee (ann@example.com)",
        "Accept-Encoding: gzip, deflate",
        "Accept: */*",
        "Connection: keep-alive",
        with_colon(shop.key),
    )


def test_tap_chargebee_finds_its_site_and_reads_every_order(line: Line, shop: Shop) -> None:
    configurations = tap(line, shop, "/configurations", "").body["configurations"]
    assert [entry for entry in configurations if entry["domain"] == shop.site] == [
        {"domain": shop.site, "product_catalog_version": "v2"}
    ]
    made = [curl(line, shop, "/orders", "invoice_id=inv_0001").order["id"] for _ in range(3)]
    gone = curl(line, shop, "/orders/import_order", IMPORT).order["id"]
    curl(line, shop, f"/orders/{gone}/delete", "")
    query = "updated_at%5Bafter%5D=1500000000&sort_by%5Basc%5D=updated_at&"
    page = tap(line, shop, "/orders", query)
    assert page.status == 200
    orders = page.orders
    assert sorted(order["id"] for order in orders) == sorted([*made, gone])
    assert all(isinstance(order["updated_at"], int) for order in orders)
    assert [order["updated_at"] for order in orders] == sorted(order["updated_at"] for order in orders)
    after = max(order["updated_at"] for order in orders)
    assert tap(line, shop, "/orders", f"updated_at%5Bafter%5D={after}&").raw == b'{"list":[]}'


def ruby(line: Line, shop: Shop, method: str, path: str, form: str = "", attempt: int = 1) -> RawAnswer:
    """As the Ruby SDK sends it: a content type on reads too, and an attempt and a key on the first try already."""
    head = [
        f"{method} /api/v2{path} HTTP/1.1",
        "User-Agent: Chargebee-Ruby-Client v2.60.0",
        "Accept: application/json",
        "Lang-Version: 3.3.0",
        "Os-Version: x86_64-linux",
        f"Content-Type: {FORM}",
        "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
        f"Host: {line.address}",
        with_colon(shop.key),
        f"X-Cb-Retry-Attempt: {attempt}",
    ]
    if method == "GET":
        return line.send(*head)
    keyed = ["Chargebee-Idempotency-Key: 5c9d8a3e-2a69-4b6f-9d41-8f0c2f1a7e11", f"Content-Length: {len(form)}"]
    return line.send(*head, *keyed, body=form.encode())


def test_ruby_sends_a_key_on_every_write_and_reads_with_a_content_type(line: Line, shop: Shop) -> None:
    form = "invoice_id=inv_0001&note=a+b"
    first = ruby(line, shop, "POST", "/orders", form)
    again = ruby(line, shop, "POST", "/orders", form, attempt=2)
    assert again.raw == first.raw
    assert (first.exactly(REPLAYED), again.exactly(REPLAYED)) == (None, "true")
    assert ruby(line, shop, "GET", f"/orders/{first.order['id']}").order == first.order
    assert ruby(line, shop, "GET", "/orders?limit=1").orders == [first.order]
    unknown = ruby(line, shop, "GET", "/orders/nobody")
    assert (unknown.status, unknown.body["type"]) == (404, "invalid_request")


def test_an_offset_survives_a_client_that_reads_it_as_json_and_prints_it_anew(line: Line, shop: Shop) -> None:
    for _ in range(6):
        curl(line, shop, "/orders", "invoice_id=inv_0001")
    seen = pages(lambda offset: ruby(line, shop, "GET", f"/orders?limit=1{offset}"), mangled=True)
    assert len({order["id"] for order in seen}) == len(seen) == 6


def go(line: Line, shop: Shop, method: str, path: str, form: str = "", key: str = "k") -> RawAnswer:
    """As the Go SDK sends it: no colon behind the key, an idempotency header of its own, parameters by name."""
    head = [
        f"{method} /api/v2{path} HTTP/1.1",
        f"Host: {line.address}",
        "User-Agent: ChargeBee-Go-Client v3.40.0",
        *([f"Content-Length: {len(form)}"] if method == "POST" else []),
        "Accept: application/json",
        "Accept-Charset: UTF-8",
        without_colon(shop.key),
        f"Content-Type: {FORM}",
        "Lang-Version: go1.23.0",
        "Os-Version: linux amd64",
        *([f"X-Cb-Idempotency-Key: {key}", "X-Cb-Retry-Attempt: 0"] if method == "POST" else []),
        "Accept-Encoding: gzip",
    ]
    return line.send(*head, body=form.encode())


def test_go_has_no_colon_and_an_idempotency_header_of_its_own(line: Line, shop: Shop) -> None:
    form = "created_at=1517000000&invoice_id=inv_0002&order_date=1517000000&shipping_date=1517000000&status=queued"
    first = go(line, shop, "POST", "/orders/import_order", form)
    again = go(line, shop, "POST", "/orders/import_order", form)
    assert again.raw == first.raw
    assert (first.exactly(REPLAYED), again.exactly(REPLAYED)) == (None, "true")
    other = go(line, shop, "POST", "/orders/import_order", form.replace("0002", "0001"))
    assert (other.status, other.body["api_error_code"]) == (422, "unable_to_process_request")
    ids = [entry["id"] for entry in first.order["order_line_items"]]
    # Members of one object are not together: names are sorted.
    form = (
        "order_line_items%5Bid%5D%5B0%5D={}&order_line_items%5Bid%5D%5B1%5D={}"
        "&order_line_items%5Bsku%5D%5B1%5D=B&order_line_items%5Bstatus%5D%5B0%5D=shipped"
    ).format(*ids)
    changed = go(line, shop, "POST", f"/orders/{first.order['id']}", form, key="l").order
    assert [(entry["status"], entry.get("sku")) for entry in changed["order_line_items"]] == [
        ("shipped", None),
        ("queued", "B"),
    ]
    numbered = go(line, shop, "POST", f"/orders/{first.order['id']}/assign_order_number", "", key="m")
    assert numbered.order["document_number"] == "1"


def test_go_finds_integers_where_it_reads_integers(line: Line, shop: Shop) -> None:
    curl(line, shop, "/orders/import_order", IMPORT)
    raw = go(line, shop, "GET", "/orders?limit=10").raw
    [entry] = json.loads(raw)["list"]
    fields = CONTRACT["order"]["fields"]
    numbers = {name for name, described in fields.items() if described["type"] in {"money", "integer", "timestamp"}}
    assert {type(value) for name, value in entry["order"].items() if name in numbers} == {int}
    assert not re.search(rb":-?[0-9.]+[eE]", raw)


def php(line: Line, shop: Shop, path: str, form: str) -> RawAnswer:
    """As the PHP SDK sends it: no colon behind the key."""
    return line.send(
        f"POST /api/v2{path} HTTP/1.1",
        f"Host: {line.address}",
        "User-Agent: Chargebee-PHP-Client v4.10.0",
        without_colon(shop.key),
        "Accept: application/json",
        f"Content-Type: {FORM}",
        "chargebee-idempotency-key: 0b5f0e0c-6f2e-4b9f-8f2f-4b8a7d1c9e22",
        "Lang-Version: 8.3.0",
        f"Content-Length: {len(form)}",
        body=form.encode(),
    )


def test_php_finds_the_replay_header_by_its_name_in_lower_case(line: Line, shop: Shop) -> None:
    first = php(line, shop, "/orders", "invoice_id=inv_0001")
    again = php(line, shop, "/orders", "invoice_id=inv_0001")
    assert again.raw == first.raw
    assert not any(name.lower() == REPLAYED for name, _ in first.headers)
    assert [value for name, value in again.headers if name == REPLAYED] == ["true"]


def java(line: Line, shop: Shop, method: str, path: str, *more: str, body: bytes = b"") -> RawAnswer:
    """As the Java SDK sends it through HttpURLConnection."""
    return line.send(
        f"{method} /api/v2{path} HTTP/1.1",
        with_colon(shop.key),
        "Accept-Charset: UTF-8",
        "User-Agent: Chargebee-Java-Client v4.0.1",
        "Accept: application/json",
        "OS-Version: Linux amd64 6.8",
        "Lang-Version: 21.0.2",
        "Accept-Encoding: gzip",
        "Cache-Control: no-cache",
        "Pragma: no-cache",
        f"Host: {line.address}",
        "Connection: keep-alive",
        *more,
        body=body,
    )


def test_java_sends_writes_without_a_length_and_the_connection_goes_on(line: Line, shop: Shop) -> None:
    order_id = curl(line, shop, "/orders/import_order", IMPORT).order["id"]
    content_type = f"Content-Type: {FORM};charset=UTF-8"
    numbered = java(line, shop, "POST", f"/orders/{order_id}/assign_order_number", content_type)
    assert numbered.order["document_number"] == "1"
    again = java(line, shop, "POST", f"/orders/{order_id}/assign_order_number")
    assert again.order == numbered.order
    gone = java(line, shop, "POST", f"/orders/{order_id}/delete", content_type)
    assert gone.order["deleted"] is True
    assert java(line, shop, "GET", "/orders").raw == b'{"list":[]}'


def test_java_sends_writes_in_chunks(line: Line, shop: Shop) -> None:
    chunked = ("Transfer-Encoding: chunked", f"Content-Type: {FORM}")
    body = b"13\r\ninvoice_id=inv_0001\r\n7\r\n&note=a\r\n5;x=y\r\n+b%20\r\n0\r\n\r\n"
    order = java(line, shop, "POST", "/orders", *chunked, body=body).order
    assert (order["invoice_id"], order["note"]) == ("inv_0001", "a b ")
    empty = java(line, shop, "POST", f"/orders/{order['id']}/assign_order_number", *chunked, body=b"0\r\n\r\n")
    assert empty.order["document_number"] == "1"
    assert java(line, shop, "GET", f"/orders/{order['id']}").order == empty.order


# How Java 4.0.1 finds members: the first place in the text that looks like one.
JAVA_PATTERNS = {
    "string": r'"{0}"\s*:\s*("[^"\\]*(?:\\.[^"\\]*)*")',
    "enum": r'"{0}"\s*:\s*("[^"\\]*(?:\\.[^"\\]*)*")',
    "money": r'"{0}"\s*:\s*(-?\d+)',
    "integer": r'"{0}"\s*:\s*(-?\d+)',
    "timestamp": r'"{0}"\s*:\s*(-?\d+)',
    "boolean": r'"{0}"\s*:\s*(true|false)',
}


def test_java_finds_every_member_of_an_order_by_its_first_match_in_the_text(line: Line, shop: Shop) -> None:
    trap = "%22id%22:%22nobody%22,%22total%22:1"
    order = curl(line, shop, "/orders/import_order", IMPORT + f"&note={trap}&shipping_address[line1]={trap}").order
    part = f"order_line_items[id][0]={order['order_line_items'][0]['id']}&order_line_items[fulfillment_quantity][0]=1"
    again = curl(line, shop, f"/orders/{order['id']}/resend", part).order
    curl(line, shop, f"/orders/{order['id']}/cancel", "cancellation_reason=others&credit_note[total]=5")
    manual = curl(line, shop, "/orders", f"invoice_id=inv_0001&note={trap}").order
    for order_id in (order["id"], again["id"], manual["id"]):
        answer = java(line, shop, "GET", f"/orders/{order_id}")
        document = answer.order
        text = answer.raw.decode().removeprefix('{"order":').removesuffix("}")
        for name, described in CONTRACT["order"]["fields"].items():
            if described["type"] not in JAVA_PATTERNS:
                continue
            found = re.search(JAVA_PATTERNS[described["type"]].format(name), text)
            value = json.loads(found[1]) if found else None
            assert value == document.get(name), f"Java reads {value!r} for {name} of {text}"


def cli(line: Line, shop: Shop, method: str, path: str, form: str = "") -> RawAnswer:
    """As chargebee-cli sends it: writes without a content type, reads with a question mark and a length of nothing."""
    return line.send(
        f"{method} /api/v2{path} HTTP/1.1",
        f"Host: {line.address}",
        "User-Agent: chargebee-cli/0.0.23",
        with_colon(shop.key),
        f"Content-Length: {len(form)}",
        body=form.encode(),
    )


def test_chargebee_cli_writes_without_a_content_type_and_reads_with_a_lone_question_mark(
    line: Line, shop: Shop
) -> None:
    order = cli(line, shop, "POST", "/orders", "invoice_id=inv_0001&note=a%20b").order
    assert order["note"] == "a b"
    assert cli(line, shop, "GET", f"/orders/{order['id']}?").order == order
    assert cli(line, shop, "GET", "/orders?").orders == [order]
    assert cli(line, shop, "POST", f"/orders/{order['id']}/assign_order_number?").order["document_number"] == "1"


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_a_connection_is_closed_where_the_client_asks_for_it(line: Line, shop: Shop, version: str) -> None:
    answer = line.send(
        f"GET /api/v2/orders {version}", f"Host: {line.address}", with_colon(shop.key), "Connection: close"
    )
    assert answer.raw == b'{"list":[]}'
    assert line.has_ended


def test_requests_that_come_in_pieces_or_before_their_answers_are_answered_in_order(line: Line, shop: Shop) -> None:
    head = f"Host: {line.address}\r\n{with_colon(shop.key)}\r\n"
    body = "invoice_id=inv_0001&id=in-pieces"
    write = f"POST /api/v2/orders HTTP/1.1\r\n{head}Content-Type: {FORM}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    for letter in write.encode():
        line.say(bytes([letter]))
    assert line.hear().order["id"] == "in-pieces"
    reads = [f"GET /api/v2/orders{path} HTTP/1.1\r\n{head}\r\n" for path in ("/in-pieces", "?limit=0", "")]
    line.say("".join(reads).encode())
    assert [line.hear().status for _ in reads] == [200, 400, 200]


def test_a_client_that_waits_to_be_told_to_go_on_is_told(line: Line, shop: Shop) -> None:
    body = b"invoice_id=inv_0001&note=" + b"x" * 500
    line.say(
        f"POST /api/v2/orders HTTP/1.1\r\nHost: {line.address}\r\n{with_colon(shop.key)}\r\nContent-Type: {FORM}\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    assert line.hear_interim() == 100
    line.say(body)
    assert line.hear().order["note"] == "x" * 500


NO_HTTP = [
    b"GARBAGE\r\n\r\n",
    b"GET /api/v2/orders HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /api/v2/orders HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 40_000 + b"\r\n\r\n",
    b"POST /api/v2/orders HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/v2/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /api/v2/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
]


def test_what_is_no_http_is_told_so_in_json_and_the_connection_ends(server: Server) -> None:
    for sent in NO_HTTP:
        with contextlib.closing(Line(server.url.removeprefix("http://"))) as line:
            line.say(sent)
            answer = line.hear()
            assert (answer.status, answer.body["api_error_code"]) == (400, "invalid_request"), sent[:60]
            assert answer.exactly("Content-Type") == "application/json;charset=utf-8"
            assert line.has_ended
