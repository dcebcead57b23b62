"""The webhook endpoints API: every parameter, limit and error, and who is primary (chargebee/events.md, section 6)."""

from typing import Any

import asyncpg
import msgspec
import pytest

from api.operations.webhook_endpoints import ROUTES
from api.schemas.webhook_endpoints import CREATE_ENDPOINT
from ledger.ids import Site
from ledger.sites import KeyKind, Sites
from tests.api.requests import Client, basic, refused
from tests.contract.contract import CONTRACT, OPERATIONS
from tests.webhooks.conftest import ENDPOINTS, Shop

URL = "https://shop.example.com/hook"
FORM = {"name": "Shop", "url": URL}


async def create(client: Client, **members: str) -> dict[str, Any]:
    response = await client.post(ENDPOINTS, data={**FORM, **members})
    assert response.status == 200, await response.text()
    endpoint: dict[str, Any] = (await response.json())["webhook_endpoint"]
    return endpoint


async def listed(client: Client, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = await (await client.get(ENDPOINTS + query)).json()
    return found


async def primary(client: Client) -> list[bool]:
    return [each["webhook_endpoint"]["primary_url"] for each in (await listed(client))["list"]]


async def test_an_endpoint_is_made_with_its_defaults(client: Client) -> None:
    endpoint = await create(client)
    endpoint_id = endpoint.pop("id")
    assert endpoint_id.startswith("whv2_")
    assert len(endpoint_id) == len("whv2_") + 16
    assert endpoint == {
        "name": "Shop",
        "url": URL,
        "send_card_resource": False,
        "disabled": False,
        "primary_url": True,
        "api_version": "v2",
        "object": "webhook_endpoint",
    }
    assert (await (await client.get(f"{ENDPOINTS}/{endpoint_id}")).json()) == {
        "webhook_endpoint": {"id": endpoint_id, **endpoint}
    }


async def test_an_endpoint_is_made_with_all_its_members(client: Client) -> None:
    endpoint = await create(
        client,
        api_version="V1",
        primary_url="false",
        disabled="True",
        basic_auth_username="ann",
        basic_auth_password="secret",
        send_card_resource="true",
        chargebee_response_schema_type="items",
        **{
            "enabled_events[1]": "order_created",
            "enabled_events[0]": "Order_Updated",
            "enabled_events[5]": "order_created",
        },
    )
    del endpoint["id"]
    assert endpoint == {
        "name": "Shop",
        "url": URL,
        "send_card_resource": True,
        "disabled": True,
        # The only endpoint is the primary one.
        "primary_url": True,
        "api_version": "v1",
        "chargebee_response_schema_type": "items",
        "object": "webhook_endpoint",
        "enabled_events": ["order_updated", "order_created"],
    }


async def test_what_is_answered_has_the_members_of_the_contract(client: Client) -> None:
    fields = CONTRACT["webhook_endpoint"]["fields"]
    endpoint = await create(client, chargebee_response_schema_type="compat", **{"enabled_events[0]": "order_created"})
    assert set(endpoint) == set(fields) | {"object"}
    plain = await create(client)
    assert {name for name, each in fields.items() if each["always_present"]} <= set(plain)


async def test_user_and_password_are_never_shown_nor_kept_in_the_log(
    client: Client, pool: asyncpg.Pool, site: Site
) -> None:
    secret = {"basic_auth_username": "ann-secret", "basic_auth_password": "pass-secret"}
    response = await client.post(ENDPOINTS, data={**FORM, **secret})
    text = await response.text()
    endpoint_id = msgspec.json.decode(text)["webhook_endpoint"]["id"]
    texts = [text]
    texts.append(await (await client.post(f"{ENDPOINTS}/{endpoint_id}", data={"name": "x", **secret})).text())
    for path in ("webhook_endpoints", f"webhook_endpoints/{endpoint_id}", "ledger/changes", "ledger/requests"):
        texts += [await (await client.get(f"/api/v2/{path}")).text()]
    rows = await pool.fetch("SELECT body FROM ledger.event WHERE site = $1", site)
    assert rows
    texts += [row["body"].decode() for row in rows]
    assert not any("secret" in text for text in texts)
    kept = await pool.fetch("SELECT username FROM ledger.webhook_credentials WHERE site = $1", site)
    assert [row["username"] for row in kept] == ["ann-secret"]


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"name": ""}, "name"),
        ({"url": ""}, "url"),
        ({"name": "x" * 51}, "name"),
        ({"url": "https://x.example.com/" + "x" * 500}, "url"),
        ({"url": "ftp://shop.example.com"}, "url"),
        ({"url": "shop.example.com"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "https://ann@shop.example.com"}, "url"),
        ({"url": "https://ann:secret@shop.example.com"}, "url"),
        ({"url": "https://:secret@shop.example.com"}, "url"),
        ({"url": "https://shop.example.com:8081"}, "url"),
        ({"url": "http://shop.example.com:22/"}, "url"),
        ({"url": "https://shop.example.com:99999"}, "url"),
        ({"url": "https://[::1"}, "url"),
        ({"url": "https://shop.example.com/a b"}, "url"),
        ({"url": "https://shop.example.com/\r\nHost: x"}, "url"),
        ({"api_version": "v3"}, "api_version"),
        ({"primary_url": "yes"}, "primary_url"),
        ({"disabled": "1"}, "disabled"),
        ({"send_card_resource": "x"}, "send_card_resource"),
        ({"basic_auth_username": "x" * 251}, "basic_auth_username"),
        ({"basic_auth_username": "a:b"}, "basic_auth_username"),
        ({"basic_auth_password": "x" * 251}, "basic_auth_password"),
        ({"basic_auth_password": "a\r\nb"}, "basic_auth_password"),
        ({"chargebee_response_schema_type": "x"}, "chargebee_response_schema_type"),
        ({"enabled_events[0]": "order_created", "enabled_events[3]": "order_eaten"}, "enabled_events[3]"),
    ],
)
async def test_a_wrong_parameter_is_refused(client: Client, members: dict[str, str], param: str) -> None:
    await refused(await client.post(ENDPOINTS, data={**FORM, **members}), 400, "param_wrong_value", param)
    assert await listed(client) == {"list": []}
    endpoint = await create(client)
    response = await client.post(f"{ENDPOINTS}/{endpoint['id']}", data=members)
    if param == "chargebee_response_schema_type" or members[next(iter(members))] == "":
        # The one is no parameter of an update; and name and URL cannot be cleared.
        assert (await response.json())["webhook_endpoint"] == endpoint
    else:
        await refused(response, 400, "param_wrong_value", param)


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example.com",
        "https://a.example.com:443/x?y=z",
        "http://a.example.com:8080",
        "https://a.example.com:8443",
        "http://10.0.0.1:80",
        "https://[2001:db8::1]/",
    ],
)
async def test_urls_with_the_ports_of_chargebee_are_taken(client: Client, url: str) -> None:
    assert (await create(client, url=url))["url"] == url


async def test_the_operator_can_allow_other_ports(shop: Shop) -> None:
    assert (await shop.endpoint("http://a.example.com:8081/"))["url"] == "http://a.example.com:8081/"


async def test_the_parameters_are_those_of_the_contract() -> None:
    by_path = {(route.method, route.path): route for route in ROUTES}
    for name, operation in OPERATIONS.items():
        if not name.startswith("webhook_endpoints."):
            continue
        path = operation["path"].replace("{webhook-endpoint-id}", "{id}")
        schema = by_path.pop((operation["method"], path)).schema
        assert schema is not None
        declared = {each.name: each for each in schema.parameters}
        assert set(declared) == {each["name"] for each in operation.get("params", [])}
        for each in operation.get("params", []):
            found = declared[each["name"]]
            assert (found.type, found.required, found.bracket) == (each["type"], each["required"], each["bracket"])
            assert found.max_length == each.get("max_length")
            assert set(found.choices) == set(each.get("enum", ())) or each["name"] == "enabled_events"
    assert not by_path
    assert set(declared_event_types()) == set(CONTRACT["event_types"]["all"])


def declared_event_types() -> tuple[str, ...]:
    return next(each.choices for each in CREATE_ENDPOINT.parameters if each.name == "enabled_events")


async def test_a_site_has_five_endpoints_at_most(client: Client) -> None:
    endpoints = [await create(client) for _ in range(5)]
    await refused(await client.post(ENDPOINTS, data=FORM), 400, "resource_limit_exceeded")
    await client.post(f"{ENDPOINTS}/{endpoints[2]['id']}/delete")
    await create(client)


async def test_the_first_endpoint_is_primary_and_the_others_are_not(client: Client) -> None:
    await create(client)
    await create(client)
    assert await primary(client) == [True, False]


async def test_making_one_primary_takes_it_from_the_others(client: Client) -> None:
    first = await create(client)
    await create(client, primary_url="true")
    assert await primary(client) == [False, True]
    await client.post(f"{ENDPOINTS}/{first['id']}", data={"primary_url": "true"})
    assert await primary(client) == [True, False]
    await client.post(f"{ENDPOINTS}/{first['id']}", data={"primary_url": "false"})
    assert await primary(client) == [False, False]


async def test_the_only_endpoint_stays_primary(client: Client) -> None:
    first = await create(client)
    await client.post(f"{ENDPOINTS}/{first['id']}", data={"primary_url": "false"})
    assert await primary(client) == [True]
    await create(client)
    await create(client)
    await client.post(f"{ENDPOINTS}/{first['id']}/delete")
    assert await primary(client) == [False, False]
    last = (await listed(client))["list"][0]["webhook_endpoint"]
    await client.post(f"{ENDPOINTS}/{last['id']}/delete")
    assert await primary(client) == [True]


async def test_an_update_sets_what_is_given_and_replaces_the_list(client: Client) -> None:
    endpoint = await create(client, **{"enabled_events[0]": "order_created", "enabled_events[1]": "order_deleted"})
    path = f"{ENDPOINTS}/{endpoint['id']}"
    form = {"name": "Other", "enabled_events[0]": "order_resent"}
    updated = (await (await client.post(path, data=form)).json())["webhook_endpoint"]
    assert updated == endpoint | {"name": "Other", "enabled_events": ["order_resent"]}
    emptied = (await (await client.post(path, data={"enabled_events[0]": ""})).json())["webhook_endpoint"]
    assert "enabled_events" not in emptied
    again = await (await client.post(path, json={"enabled_events": ["order_created", None]})).json()
    assert again["webhook_endpoint"]["enabled_events"] == ["order_created"]


async def test_an_update_that_changes_nothing_records_nothing(client: Client) -> None:
    endpoint = await create(client, basic_auth_username="ann", basic_auth_password="x")
    before = await (await client.get("/api/v2/ledger/changes")).json()
    form = {"name": "Shop", "basic_auth_username": "ann", "disabled": "false"}
    assert (await (await client.post(f"{ENDPOINTS}/{endpoint['id']}", data=form)).json())[
        "webhook_endpoint"
    ] == endpoint
    assert await (await client.get("/api/v2/ledger/changes")).json() == before


async def test_a_deleted_endpoint_is_answered_as_it_was_and_is_gone(client: Client) -> None:
    endpoint = await create(client)
    path = f"{ENDPOINTS}/{endpoint['id']}"
    assert (await (await client.post(f"{path}/delete")).json())["webhook_endpoint"] == endpoint
    for response in (
        await client.get(path),
        await client.post(path, data={"name": "x"}),
        await client.post(f"{path}/delete"),
    ):
        await refused(response, 404, "resource_not_found")


async def test_an_unknown_endpoint_is_told_before_parameters_that_are_wrong(client: Client) -> None:
    for endpoint_id in ("whv2_nobody", "x" * 41):
        await refused(await client.post(f"{ENDPOINTS}/{endpoint_id}", data={"url": "x"}), 404, "resource_not_found")


async def test_lists_come_in_pages(client: Client) -> None:
    made = [(await create(client, name=f"n{number}"))["id"] for number in range(5)]
    found: list[str] = []
    query = "?limit=2"
    while True:
        page = await listed(client, query)
        found += [each["webhook_endpoint"]["id"] for each in page["list"]]
        if "next_offset" not in page:
            break
        query = f"?limit=2&offset={page['next_offset']}"
    assert found == made
    await refused(await client.get(f"{ENDPOINTS}?limit=101"), 400, "param_wrong_value", "limit")
    await refused(await client.get(f"{ENDPOINTS}?offset=x"), 400, "param_wrong_value", "offset")


async def test_a_repeated_request_makes_one_endpoint(client: Client) -> None:
    headers = {"chargebee-idempotency-key": "k"}
    first = await client.post(ENDPOINTS, data=FORM, headers=headers)
    second = await client.post(ENDPOINTS, data=FORM, headers=headers)
    assert await first.read() == await second.read()
    assert second.headers["chargebee-idempotency-replayed"] == "true"
    assert len((await listed(client))["list"]) == 1


async def test_a_read_only_key_reads(client: Client, pool: asyncpg.Pool, site: Site) -> None:
    endpoint = await create(client)
    reader = basic(await Sites(pool).create_key(site, "reader", KeyKind.READ_ONLY, 1))
    assert (await client.get(ENDPOINTS, headers=reader)).status == 200
    assert (await client.get(f"{ENDPOINTS}/{endpoint['id']}", headers=reader)).status == 200
    for path in ("", f"/{endpoint['id']}", f"/{endpoint['id']}/delete"):
        response = await client.post(ENDPOINTS + path, data=FORM, headers=reader)
        await refused(response, 403, "api_authorization_failed")
