"""Every spelling of a request that clients send, and what is refused as a whole (chargebee/conventions.md, 4)."""

import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from api.services import Services
from ledger.ids import Site
from ledger.limits import PARAMETER_INDEX_MAX
from tests.api.requests import Client
from tests.contract.http.orders import created, imported
from tests.contract.http.wire import FORM, ORDERS, Answer, call, get, path_of, post, retrieved

INVOICE = b"invoice_id=inv_0001&"
AS_JSON = "application/json"


async def make(client: Client, body: bytes, content_type: str | None = FORM) -> Answer:
    return await call(client, "POST", ORDERS, body, content_type=content_type)


async def change(client: Client, order_id: str, body: bytes, content_type: str | None = FORM) -> Answer:
    return await call(client, "POST", path_of("update", order_id), body, content_type=content_type)


async def test_forms_are_read_under_every_content_type_that_clients_name(client: Client) -> None:
    for content_type in (
        None,
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded;charset=utf-8",
        "application/x-www-form-urlencoded; charset=UTF-8",
        'application/x-www-form-urlencoded; charset="utf-8"',
        "Application/X-WWW-Form-URLEncoded",
        "application/x-www-form-urlencoded; boundary=x",
    ):
        answer = await make(client, INVOICE + b"note=a+b", content_type)
        assert answer.order["note"] == "a b", content_type


async def test_another_content_type_or_charset_is_refused(client: Client) -> None:
    for content_type in (
        "text/plain",
        "text/plain;charset=utf-8",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/octet-stream",
        "application/vnd.api+json",
        "application/x-www-form-urlencoded; charset=iso-8859-1",
        "application/json; charset=utf-16",
        "*/*",
    ):
        answer = await make(client, INVOICE, content_type)
        answer.refused(400, "invalid_request")


async def test_an_empty_body_is_fine_under_any_content_type(client: Client) -> None:
    for content_type in (None, FORM, "application/json", "text/plain", "multipart/form-data"):
        order_id = (await imported(client))["id"]
        path = path_of("assign_order_number", order_id)
        assert "document_number" in (await call(client, "POST", path, content_type=content_type)).order


@pytest.mark.parametrize("escape", [str, quote, quote_plus, lambda text: quote(text).lower()])
async def test_brackets_may_be_escaped_or_not(client: Client, escape: Any) -> None:
    order_id = (await created(client))["id"]
    pairs = {"shipping_address[city]": "Walnut", "shipping_address[line1]": "1 Main St", "note": "50% off & more"}
    body = "&".join(f"{escape(name)}={quote_plus(value)}" for name, value in pairs.items())
    order = (await change(client, order_id, body.encode())).order
    assert (order["shipping_address"]["city"], order["shipping_address"]["line1"]) == ("Walnut", "1 Main St")
    assert order["note"] == "50% off & more"


async def test_a_space_is_a_plus_or_an_escape_and_a_plus_is_an_escape(client: Client) -> None:
    for sent, text in {
        b"a+b": "a b",
        b"a%20b": "a b",
        b"a%2Bb": "a+b",
        b"a%2bb": "a+b",
        b"a b": "a b",
        b"+a+": " a ",
        b"%C3%BC": "\u00fc",
        "\u00fc".encode(): "\u00fc",
        b"%F0%9F%98%80": "\U0001f600",
        b"a=b": "a=b",
        b"a;b": "a;b",
        b"%3Cscript%3E": "<script>",
        b"%0D%0A": "\r\n",
        b"%25": "%",
    }.items():
        order = (await make(client, INVOICE + b"note=" + sent)).order
        assert order["note"] == text, sent
        assert await retrieved(client, order["id"]) == order


async def test_fields_without_a_name_or_a_value_do_not_matter(client: Client) -> None:
    order = (await make(client, b"&&=x&note&" + INVOICE + b"&unknown&batch_id=&reference_id=r&")).order
    assert order["reference_id"] == "r"
    assert {"note", "batch_id"}.isdisjoint(order)


async def test_of_a_repeated_parameter_the_last_one_counts(client: Client) -> None:
    body = b"invoice_id=nobody&note=a&" + INVOICE + b"note=b&note=c&tracking_id=t&tracking_id="
    order = (await make(client, body)).order
    assert order["note"] == "c"
    assert "tracking_id" not in order


async def test_unknown_parameters_and_custom_fields_are_ignored(client: Client) -> None:
    noise = b"cf_gift=1&CF_x=2&unknown=3&unknown[a][b][c]=4&shipping_address[planet]=Mars&note[x]=5&status[is]=new&"
    order = (await make(client, noise + INVOICE)).order
    assert {"cf_gift", "unknown", "note", "shipping_address"}.isdisjoint(order)
    assert (await get(client, "list", [("customer_id[is]", "x"), ("cf_a[in]", "?"), ("foo", "1")])).ids == [order["id"]]


async def test_a_post_takes_its_parameters_from_its_body_alone(client: Client) -> None:
    answer = await call(client, "POST", f"{ORDERS}?invoice_id=inv_0001&note=x", b"")
    answer.refused(400, "param_wrong_value", "invoice_id")


SPELLINGS_OF_TWO_LINES = [
    "order_line_items[id][0]={0}&order_line_items[sku][0]=A&order_line_items[id][1]={1}&order_line_items[sku][1]=B",
    "order_line_items[id][1]={1}&order_line_items[sku][0]=A&order_line_items[sku][1]=B&order_line_items[id][0]={0}",
    "order_line_items[id][0]={0}&order_line_items[id][1]={1}&order_line_items[sku][0]=A&order_line_items[sku][1]=B",
    "order_line_items[id][7]={0}&order_line_items[sku][7]=A&order_line_items[id][999]={1}&order_line_items[sku][999]=B",
    "order_line_items[id][]={0}&order_line_items[sku][]=A&order_line_items[id][]={1}&order_line_items[sku][]=B",
    "order_line_items[id][]={0}&order_line_items[id][]={1}&order_line_items[sku][]=A&order_line_items[sku][]=B",
    "order_line_items[id]={0}&order_line_items[sku]=A&order_line_items[id]={1}&order_line_items[sku]=B",
    "order_line_items[id][00]={0}&order_line_items[sku][0]=A&order_line_items[id][01]={1}&order_line_items[sku][1]=B",
    "order_line_items%5Bid%5D%5B0%5D={0}&order_line_items%5bsku%5d%5b0%5d=A"
    "&order_line_items[id]%5B1%5D={1}&order_line_items[sku][1]=B",
]


async def test_a_list_of_lines_is_read_in_every_spelling(client: Client) -> None:
    for spelling in SPELLINGS_OF_TWO_LINES:
        order = await imported(client)
        ids = [line["id"] for line in order["order_line_items"]]
        changed = (await change(client, order["id"], spelling.format(*ids).encode())).order
        assert [(line["id"], line["sku"]) for line in changed["order_line_items"]] == [*zip(ids, "AB", strict=True)]


async def test_a_member_may_be_missing_where_another_line_has_it(client: Client) -> None:
    order = await imported(client)
    first, second = (line["id"] for line in order["order_line_items"])
    body = f"order_line_items[id][0]={first}&order_line_items[status][0]=shipped"
    body += f"&order_line_items[id][2]={second}&order_line_items[sku][2]=S"
    lines = (await change(client, order["id"], body.encode())).order["order_line_items"]
    assert [(line["status"], line.get("sku")) for line in lines] == [("shipped", None), ("queued", "S")]


async def test_a_list_in_another_form_than_the_apis_is_refused_by_its_name(client: Client) -> None:
    order = await imported(client)
    for name in (
        "order_line_items[0][id]",
        "order_line_items[][id]",
        "order_line_items[id][x]",
        "order_line_items[id][-1]",
        f"order_line_items[id][{PARAMETER_INDEX_MAX + 1}]",
        "order_line_items[id][0][0]",
        "order_line_items[id][0",
        "order_line_items",
        "shipping_address",
        "shipping_address[city][0]",
        "shipping_address[city",
    ):
        answer = await change(client, order["id"], f"{name}=x".encode())
        answer.refused(400, "param_wrong_value", name)
    assert await retrieved(client, order["id"]) == order


async def test_an_empty_value_clears_an_optional_attribute(client: Client) -> None:
    order = await imported(client, note="n", shipment_carrier="c")
    assert order["shipping_address"]["line1"]
    body = b"note=&shipment_carrier=&shipping_date=&shipping_address[line1]=&shipping_address=&order_line_items="
    cleared = (await change(client, order["id"], body)).order
    assert {"note", "shipment_carrier", "shipping_date"}.isdisjoint(cleared)
    assert "line1" not in cleared["shipping_address"]
    rest = {name: value for name, value in order["shipping_address"].items() if name != "line1"}
    assert cleared["shipping_address"] == rest
    assert await retrieved(client, order["id"]) == cleared


async def test_an_address_whose_every_member_is_cleared_is_absent(client: Client) -> None:
    order = await imported(client)
    body = "&".join(f"shipping_address[{name}]=" for name in order["shipping_address"] if name != "object")
    assert "shipping_address" not in (await change(client, order["id"], body.encode())).order


UNREADABLE = [
    (b"note=%", FORM),
    (b"note=%4", FORM),
    (b"note=%zz", FORM),
    (b"note=100%", FORM),
    (b"%=1", FORM),
    (b"note=%FF", FORM),
    (b"note=\xff", FORM),
    (b"note=%ED%A0%80", FORM),
    (b"note=%C0%80", FORM),
    (b"{", AS_JSON),
    (b"[]", AS_JSON),
    (b"null", AS_JSON),
    (b'"note"', AS_JSON),
    (b"1", AS_JSON),
    (b'{"note":"\xff"}', AS_JSON),
    (b'{"note":"\\ud800"}', AS_JSON),
    (b'{"note":NaN}', AS_JSON),
    (b"{'note':1}", AS_JSON),
    (b"invoice_id=inv_0001", AS_JSON),
    (b"[" * 1000, AS_JSON),
    (b'{"a":' * 1000 + b"1" + b"}" * 1000, AS_JSON),
]


async def test_what_cannot_be_read_is_refused_as_a_whole_and_changes_nothing(
    client: Client, services: Services, site: Site
) -> None:
    order_id = (await imported(client))["id"]
    head = await services.store.head_position(site)
    for body, content_type in UNREADABLE:
        (await make(client, INVOICE + body if content_type == FORM else body, content_type)).refused(
            400, "invalid_request"
        )
        (await change(client, order_id, body, content_type)).refused(400, "invalid_request")
    assert await services.store.head_position(site) == head
    for body, _ in UNREADABLE[:9]:
        query = body.decode("latin-1").encode("latin-1")
        if query.isascii():
            (await call(client, "GET", f"{ORDERS}?{query.decode()}")).refused(400, "invalid_request")


async def test_a_json_object_says_the_same_as_a_form(client: Client) -> None:
    order = await imported(client)
    first, second = (line["id"] for line in order["order_line_items"])
    members = {
        "note": "50% \u00fc\U0001f600\n",
        "batch_id": None,
        "shipping_date": 1517000001,
        "status": "SHIPPED",
        "shipping_address": {"city": "Walnut", "line2": None, "zip": 91789},
        "order_line_items": [{"id": first, "sku": "A"}, {"id": second, "status": "on_hold"}],
        "unknown": [[{"x": 1.5}], True, {}],
    }
    changed = (await change(client, order["id"], json.dumps(members).encode(), "application/json;charset=UTF-8")).order
    assert (changed["note"], changed["status"], changed["shipping_date"]) == (members["note"], "shipped", 1517000001)
    assert (changed["shipping_address"]["city"], changed["shipping_address"]["zip"]) == ("Walnut", "91789")
    assert "line2" not in changed["shipping_address"]
    lines = [(line["status"], line.get("sku")) for line in changed["order_line_items"]]
    assert lines == [("shipped", "A"), ("on_hold", None)]
    columns = {"order_line_items": {"id": [second, first], "sku": ["B", ""]}}
    again = (await change(client, order["id"], json.dumps(columns).encode(), AS_JSON)).order
    assert [line.get("sku") for line in again["order_line_items"]] == [None, "B"]


async def test_numbers_and_booleans_of_json_are_what_they_are_in_a_form(client: Client) -> None:
    for total, status in (("100", 200), ('"100"', 200), ("100.0", 400), ("1e2", 400), ("-1", 400), ("true", 400)):
        order_id = (await imported(client))["id"]
        body = f'{{"credit_note":{{"reason_code":"OTHER","total":{total}}}}}'.encode()
        path = path_of("create_refundable_credit_note", order_id)
        answer = await call(client, "POST", path, body, content_type=AS_JSON)
        assert answer.status == status, total
        if status == 400:
            answer.refused(400, "param_wrong_value", "credit_note[total]")
        else:
            assert answer.order["refundable_credits_issued"] == 100
    order_id = (await imported(client))["id"]
    await post(client, "cancel", [("cancellation_reason", "others"), ("credit_note[total]", "5")], order_id)
    body = b'{"void_cancellation_credit_notes":true}'
    reopened = await call(client, "POST", path_of("reopen", order_id), body, content_type=AS_JSON)
    assert reopened.order["refundable_credits_issued"] == 0


async def test_an_id_is_found_however_its_path_is_escaped(client: Client) -> None:
    for order_id, paths in {
        "a/b c%#": ("a/b%20c%25%23", "a%2Fb%20c%25%23", "a%2fb%20c%25%23", "%61/b%20%63%25%23"),
        "a+b&c=d;e": ("a+b&c=d;e", "a%2Bb%26c%3Dd%3Be", "a+b%26c=d;e"),
        "\u00fc/\u65e5\u672c": ("%C3%BC/%E6%97%A5%E6%9C%AC", "%c3%bc%2f%e6%97%a5%e6%9c%ac"),
        "%2F": ("%252F",),
        "..": ("%2E%2E",),
        " x ": ("%20x%20",),
        "cancel/": ("cancel%2F", "cancel/"),
        "?": ("%3F",),
    }.items():
        made = await created(client, id=order_id)
        assert made["id"] == order_id
        for path in paths:
            found = await call(client, "GET", f"{ORDERS}/{path}")
            assert found.order == made, path
            note = (await call(client, "POST", f"{ORDERS}/{path}", f"note={path}".encode())).order["note"]
            assert note
            made = (await call(client, "POST", f"{ORDERS}/{path}/assign_order_number")).order
            assert made["id"] == order_id


async def test_ids_are_told_apart_by_letter_case_and_form(client: Client) -> None:
    ids = ["abc", "ABC", "abc ", "\u00fc", "u\u0308", "a", "\uff41"]
    for order_id in ids:
        await created(client, id=order_id, note=repr(order_id))
    for order_id in ids:
        assert (await retrieved(client, order_id))["note"] == repr(order_id)
