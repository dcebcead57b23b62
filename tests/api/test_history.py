"""The past of an order over HTTP: its history, the order at a moment, and differences."""

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import asyncpg
import msgspec
import pytest

from api.services import Services
from ledger.ids import Position, Site, order_stream, system_clock_ms
from ledger.sites import KeyKind, Sites
from ops.invoice_loading import load_file
from tests.api.requests import ORDERS, Client, basic, create, import_order, refused
from tests.conftest import new_site

HOSTILE = "<script>alert(1)</script> \u202egnp.exe \x1b[31mred\x1b[0m \x9b2J"


async def post(client: Client, path: str, **form: Any) -> dict[str, Any]:
    response = await client.post(f"{ORDERS}/{path}", data=form)
    assert response.status == 200, await response.text()
    order: dict[str, Any] = (await response.json())["order"]
    return order


async def get(client: Client, path: str, **params: Any) -> Any:
    response = await client.get(f"{ORDERS}/{path}", params=params)
    assert response.status == 200, await response.text()
    return await response.json()


async def history(client: Client, order_id: str, **params: Any) -> list[dict[str, Any]]:
    return [entry["change"] for entry in (await get(client, f"{order_id}/history", **params))["list"]]


async def cancelled_order(client: Client) -> list[bytes]:
    """An order with four versions: imported, noted, cancelled with a credit note, reopened. Gives each answer."""
    await import_order(client, "inv_0002", id="o")
    answers = [await raw(client, "o")]
    for path, form in (
        ("o", {"note": HOSTILE}),
        (
            "o/cancel",
            {"cancellation_reason": "product_unsatisfactory", "credit_note[total]": 100, "cancelled_at": 1767700000},
        ),
        ("o/reopen", {"void_cancellation_credit_notes": "true"}),
    ):
        await post(client, path, **form)
        answers.append(await raw(client, "o"))
    return answers


async def raw(client: Client, order_id: str) -> bytes:
    """The order as it is answered now, as bytes."""
    response = await client.get(f"{ORDERS}/{order_id}")
    assert response.status == 200
    return (await response.read()).removeprefix(b'{"order":').removesuffix(b"}")


def changed(change: dict[str, Any], path: str) -> dict[str, Any]:
    """The one difference at a path."""
    [found] = [each for each in change["changes"] if each["path"] == path]
    return found  # type: ignore[no-any-return]


# History


async def test_a_history_tells_what_happened_who_did_it_and_what_it_changed(client: Client) -> None:
    await import_order(client, "inv_0002", id="o")
    headers = {
        "chargebee-idempotency-key": "once",
        "chargebee-request-origin-user": "ann@example.com",
        "chargebee-request-origin-ip": "192.0.2.1",
        "chargebee-request-origin-device": "phone",
    }
    form = {"cancellation_reason": "product_unsatisfactory", "credit_note[total]": 100, "cancelled_at": 1767700000}
    response = await client.post(f"{ORDERS}/o/cancel", data=form, headers=headers)
    assert response.status == 200
    born, cancelled = await history(client, "o")
    assert (born["version"], cancelled["version"]) == (1, 2)
    assert cancelled["position"] > born["position"] > 0
    assert born["occurred_at"] == 1517505731
    assert {
        "type": "order.cancelled",
        "sentence": "Cancelled: product unsatisfactory, credit note 1.00 EUR",
        "actor": "full_access_key_v1",
        "actor_kind": "api_key",
        "source": "api",
        "occurred_at": 1767700000,
        "object": "change",
    }.items() <= cancelled.items()
    request_id = response.headers["x-request-id"]
    assert cancelled["request"] == {
        "id": request_id,
        "method": "POST",
        "path": "/api/v2/orders/o/cancel",
        "idempotency_key": "once",
        "origin_user": "ann@example.com",
        "origin_ip": "192.0.2.1",
        "origin_device": "phone",
    }
    assert cancelled["correlation_id"] == cancelled["causation_id"] == request_id
    assert cancelled["recorded_at"] == cancelled["recorded_at_ms"] // 1000
    assert changed(cancelled, "status") == {"path": "status", "before": "queued", "after": "cancelled"}
    assert changed(cancelled, "refundable_credits_issued") == {
        "path": "refundable_credits_issued",
        "before": 0,
        "after": 100,
        "money": {"currency_code": "EUR", "before": "0.00 EUR", "after": "1.00 EUR"},
    }
    [note] = [each for each in cancelled["changes"] if each["path"].startswith("linked_credit_notes[")]
    assert "before" not in note
    assert (note["after"]["amount"], note["money"]) == (100, {"currency_code": "EUR"})
    assert not {"updated_at", "resource_version"} & {each["path"] for each in cancelled["changes"]}


async def test_an_entry_names_the_event_and_leaf_that_are_recorded(
    client: Client, services: Services, site: Site
) -> None:
    await cancelled_order(client)
    records = (await services.store.load_streams(site, [order_stream("o")]))[order_stream("o")]
    for change, record in zip(await history(client, "o"), records, strict=True):
        assert change["leaf"] == record.leaf.hex()
        assert (change["event_id"], change["position"]) == (record.event_id, record.position)
        assert (change["version"], change["recorded_at_ms"]) == (record.version, record.recorded_at)


async def test_a_history_is_paged_in_both_directions(client: Client) -> None:
    await create(client, id="o", note="0")
    for number in range(1, 8):
        await post(client, "o", note=str(number))
    for direction, expected in (("asc", list(range(1, 9))), ("desc", list(range(8, 0, -1)))):
        for limit in (1, 3, 4, 8, 100):
            seen, offset = [], None
            while True:
                page = {"limit": limit, f"sort_by[{direction}]": "version"} | ({"offset": offset} if offset else {})
                body = await get(client, "o/history", **page)
                seen += [entry["change"]["version"] for entry in body["list"]]
                assert len(body["list"]) <= limit
                offset = body.get("next_offset")
                if offset is None:
                    break
            assert seen == expected, (direction, limit)


async def test_changes_that_arrive_between_two_pages_repeat_and_skip_nothing(client: Client) -> None:
    await create(client, id="o", note="0")
    for number in range(1, 5):
        await post(client, "o", note=str(number))
    page = await get(client, "o/history", limit=2, **{"sort_by[desc]": "version"})
    await post(client, "o", note="later")
    following = await get(client, "o/history", limit=9, offset=page["next_offset"], **{"sort_by[desc]": "version"})
    assert [entry["change"]["version"] for entry in page["list"] + following["list"]] == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("filters", "versions"),
    [
        ({"type[is]": "order.cancelled"}, [3]),
        ({"type[is_not]": "order.cancelled"}, [1, 2, 4]),
        ({"type[in]": '["order.cancelled","ORDER.REOPENED"]'}, [3, 4]),
        ({"type[not_in]": "['order.cancelled', 'order.imported']"}, [2, 4]),
        ({"actor[is]": "full_access_key_v1"}, [1, 2, 3, 4]),
        ({"actor[is]": "nobody"}, []),
        ({"source[is]": "api"}, [1, 2, 3, 4]),
        ({"source[is_not]": "api"}, []),
        ({"version[after]": "2"}, [3, 4]),
        ({"version[before]": "2"}, [1]),
        ({"version[between]": "[2,3]"}, [2, 3]),
        ({"version[is]": "4"}, [4]),
        ({"path[is]": "note"}, [2]),
        ({"path[is]": "status"}, [1, 3, 4]),
        ({"path[starts_with]": "linked_credit_notes["}, [3, 4]),
        ({"path[starts_with]": "status", "type[is]": "order.reopened"}, [4]),
        ({"recorded_at[after]": "9999999999"}, []),
        ({"recorded_at[before]": "9999999999"}, [1, 2, 3, 4]),
        ({"unknown[is]": "x"}, [1, 2, 3, 4]),
    ],
)
async def test_a_history_is_filtered(client: Client, filters: dict[str, str], versions: list[int]) -> None:
    await cancelled_order(client)
    assert [change["version"] for change in await history(client, "o", **filters)] == versions


async def test_a_history_is_filtered_by_request_and_by_time(client: Client) -> None:
    await cancelled_order(client)
    every = await history(client, "o")
    for change in every:
        assert await history(client, "o", **{"request_id[is]": change["request"]["id"]}) == [change]
        within = {"recorded_at[between]": f"[{change['recorded_at']},{change['recorded_at']}]"}
        assert change in await history(client, "o", **within)
        assert change in await history(client, "o", **{"recorded_at[on]": change["recorded_at"]})


async def test_a_member_of_an_item_is_found_where_the_item_came(client: Client) -> None:
    await cancelled_order(client)
    line = json.loads(await raw(client, "o"))["order_line_items"][0]["id"]
    found = await history(client, "o", **{"path[is]": f"order_line_items[{line}].status"})
    assert [change["version"] for change in found] == [1, 3, 4]
    assert [change["version"] for change in await history(client, "o", **{"path[is]": "shipping_address.city"})] == [1]


async def test_an_offset_belongs_to_its_history(client: Client) -> None:
    await cancelled_order(client)
    await create(client, id="other")
    await post(client, "other", note="x")
    offset = (await get(client, "o/history", limit=1))["next_offset"]
    for order_id, params in (
        ("other", {}),
        ("o", {"sort_by[desc]": "version"}),
        ("o", {"type[is]": "order.cancelled"}),
    ):
        answer = await client.get(f"{ORDERS}/{order_id}/history", params={"limit": 1, "offset": offset, **params})
        await refused(answer, 400, "param_wrong_value", "offset")
    await refused(await client.get(ORDERS, params={"limit": 1, "offset": offset}), 400, "param_wrong_value", "offset")


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"type[is]": "order.eaten"}, "type[is]"),
        ({"source[in]": '["api","window"]'}, "source[in]"),
        ({"version[is]": "0"}, "version[is]"),
        ({"version[in]": "[1]"}, "version[in]"),
        ({"path[in]": '["note"]'}, "path[in]"),
        ({"actor[starts_with]": "f"}, "actor[starts_with]"),
        ({"sort_by[asc]": "recorded_at"}, "sort_by[asc]"),
        ({"limit": "101"}, "limit"),
    ],
)
async def test_wrong_parameters_of_a_history_are_named(client: Client, params: dict[str, str], param: str) -> None:
    await create(client, id="o")
    await refused(await client.get(f"{ORDERS}/o/history", params=params), 400, "param_wrong_value", param)
    # An unknown order is told first.
    await refused(await client.get(f"{ORDERS}/nobody/history", params=params), 404, "resource_not_found")


# The order at a moment


async def test_an_order_at_a_version_or_position_is_what_was_answered_then(client: Client) -> None:
    answers = await cancelled_order(client)
    for change, answer in zip(await history(client, "o"), answers, strict=True):
        place = {"version": change["version"], "position": change["position"], "recorded_at": change["recorded_at"]}
        expected = b'{"order":%s,"as_of":%s}' % (answer, msgspec.json.encode(place))
        for asked in ({"as_of[version]": change["version"]}, {"as_of[position]": change["position"]}):
            response = await client.get(f"{ORDERS}/o", params=asked)
            assert await response.read() == expected


async def test_a_time_in_text_is_exact_to_the_millisecond(client: Client) -> None:
    answers = await cancelled_order(client)
    changes = await history(client, "o")
    for change, answer in zip(changes, answers, strict=True):
        millisecond = change["recorded_at_ms"]
        text = f"{_text(millisecond // 1000)}.{millisecond % 1000:03}+02:00".replace("T", "t")
        response = await client.get(f"{ORDERS}/o", params={"as_of[time]": text})
        assert (await response.read()).startswith(b'{"order":%s,' % answer)


def _text(second: int) -> str:
    """The clock of a place two hours ahead."""
    return datetime.fromtimestamp(second + 7200, UTC).strftime("%Y-%m-%dT%H:%M:%S")


async def test_a_time_in_seconds_includes_the_whole_second(client: Client) -> None:
    await cancelled_order(client)
    changes = await history(client, "o")
    for second in {change["recorded_at"] for change in changes}:
        last = max(change["version"] for change in changes if change["recorded_at"] <= second)
        assert (await get(client, "o", **{"as_of[time]": second}))["as_of"]["version"] == last


async def test_the_present_second_can_be_asked_for_and_the_future_not(client: Client) -> None:
    await create(client, id="o")
    now = system_clock_ms() // 1000
    assert (await get(client, "o", **{"as_of[time]": now}))["as_of"]["version"] == 1
    for future in (str(now + 60), "9999999999", "9999-12-31T23:59:59Z"):
        answer = await client.get(f"{ORDERS}/o", params={"as_of[time]": future})
        body = await refused(answer, 400, "param_wrong_value", "as_of[time]")
        assert "is in the future" in body["message"]


async def test_an_order_did_not_exist_before_its_first_event(client: Client) -> None:
    await create(client, id="older")
    await create(client, id="o")
    [first] = await history(client, "o")
    for asked in (
        {"as_of[time]": "0"},
        {"as_of[time]": "0001-01-01T00:00:00+14:00"},
        {"as_of[time]": str(first["recorded_at"] - 1)},
        {"as_of[position]": str(first["position"] - 1)},
    ):
        body = await refused(await client.get(f"{ORDERS}/o", params=asked), 404, "resource_not_found")
        assert body["message"].startswith("The order did not exist yet at ")
        assert f"position {first['position']}" in body["message"]


async def test_a_version_or_position_that_is_not_there_yet_is_refused(
    client: Client, services: Services, site: Site
) -> None:
    await create(client, id="o")
    head = await services.store.head_position(site)
    assert head is not None
    assert (await get(client, "o", **{"as_of[position]": head}))["as_of"]["version"] == 1
    for name, value in (("version", 2), ("position", head + 1), ("position", 2**53 - 1)):
        answer = await client.get(f"{ORDERS}/o", params={f"as_of[{name}]": value})
        body = await refused(answer, 400, "param_wrong_value", f"as_of[{name}]")
        assert "is beyond the last" in body["message"]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("as_of[version]=0", "as_of[version]"),
        ("as_of[version]=-1", "as_of[version]"),
        ("as_of[version]=", "as_of[version]"),
        ("as_of[version]=latest", "as_of[version]"),
        ("as_of[version]=1&as_of[position]=1", "as_of[position]"),
        ("as_of[time]=1&as_of[position]=1", "as_of[position]"),
        ("as_of[time]=yesterday", "as_of[time]"),
        ("as_of[time]=1767700000000", "as_of[time]"),
        ("as_of[time]=2026-01-05", "as_of[time]"),
        ("as_of[time]=2026-01-05T09:30:00", "as_of[time]"),
        ("as_of[time]=2026-01-05T09:30:00+01:00", "as_of[time]"),
        ("as_of[time]=2026-02-30T09:30:00Z", "as_of[time]"),
        ("as_of[time]=2026-W01-1T09:30:00Z", "as_of[time]"),
        ("as_of[time]=2026-01-05T09:30:00.%00Z", "as_of[time]"),
        ("as_of[moment]=1", "as_of[moment]"),
        ("as_of[version][0]=1", "as_of[version][0]"),
        ("as_of=1", "as_of"),
    ],
)
async def test_a_moment_that_cannot_be_read_is_named_and_never_answered_with_the_present(
    client: Client, query: str, param: str
) -> None:
    await create(client, id="o")
    answer = await client.get(f"{ORDERS}/o?{query}")
    body = await answer.json()
    assert (answer.status, body["api_error_code"], body["param"]) == (400, "param_wrong_value", param), body
    await refused(await client.get(f"{ORDERS}/nobody?{query}"), 404, "resource_not_found")


async def test_the_last_of_a_repeated_moment_counts_as_everywhere(client: Client) -> None:
    await create(client, id="o", note="first")
    await post(client, "o", note="second")
    response = await client.get(f"{ORDERS}/o?as_of[version]=1&as_of[version]=2")
    assert (await response.json())["order"]["note"] == "second"


async def test_other_parameters_of_a_retrieve_are_ignored(client: Client) -> None:
    await create(client, id="o")
    response = await client.get(f"{ORDERS}/o?unknown=1&cf_x[y]=2")
    assert await response.read() == b'{"order":%s}' % await raw(client, "o")


async def test_a_deleted_order_has_its_past(client: Client) -> None:
    before = await cancelled_order(client)
    deleted = await post(client, "o/delete")
    assert deleted["deleted"] is True
    await refused(await client.get(f"{ORDERS}/o"), 404, "resource_not_found")
    assert [change["type"] for change in await history(client, "o")][-1] == "order.deleted"
    assert (await get(client, "o", **{"as_of[version]": 5}))["order"] == deleted
    assert (await get(client, "o", **{"as_of[version]": 4}))["order"] == json.loads(before[3])
    last = (await get(client, "o/diff"))["diff"]["changes"]
    assert {"path": "deleted", "before": False, "after": True} in last


# Differences


async def test_a_diff_is_between_the_last_two_versions_unless_told_otherwise(client: Client) -> None:
    await cancelled_order(client)
    diff = (await get(client, "o/diff"))["diff"]
    assert (diff["from"]["version"], diff["to"]["version"]) == (3, 4)
    assert {each["path"] for each in diff["changes"]} >= {"resource_version", "status"}
    diff = (await get(client, "o/diff", **{"to[version]": 2}))["diff"]
    assert (diff["from"]["version"], diff["to"]["version"]) == (1, 2)
    diff = (await get(client, "o/diff", **{"from[version]": 1}))["diff"]
    assert (diff["from"]["version"], diff["to"]["version"]) == (1, 4)
    assert not [each for each in diff["changes"] if each["path"] == "status"]


async def test_moments_of_a_diff_may_be_of_any_kind_and_in_any_order(client: Client) -> None:
    await cancelled_order(client)
    changes = await history(client, "o")
    forwards = await get(client, "o/diff", **{"from[position]": changes[0]["position"], "to[version]": 3})
    backwards = await get(client, "o/diff", **{"from[version]": 3, "to[version]": 1})
    turned = [
        {"path": each["path"]}
        | {name: each[side] for name, side in (("before", "after"), ("after", "before")) if side in each}
        for each in forwards["diff"]["changes"]
    ]
    plain = [{k: v for k, v in each.items() if k != "money"} for each in backwards["diff"]["changes"]]
    assert turned == plain
    now = {"from[time]": system_clock_ms() // 1000, "to[version]": 4}
    assert (await get(client, "o/diff", **now))["diff"]["changes"] == []


async def test_the_first_version_differs_from_nothing(client: Client) -> None:
    order = await create(client, id="o", note="x")
    diff = (await get(client, "o/diff"))["diff"]
    assert "from" not in diff
    assert {each["path"]: each["after"] for each in diff["changes"]} == order
    assert not [each for each in diff["changes"] if "before" in each]


async def test_an_order_is_compared_with_the_one_that_resends_it(client: Client) -> None:
    await import_order(client, "inv_0002", id="o")
    new = await post(client, "o/resend")
    diff = (await get(client, "o/diff", **{"to[order_id]": new["id"]}))["diff"]
    assert (diff["from"]["order_id"], diff["from"]["version"]) == ("o", 3)
    assert (diff["to"]["order_id"], diff["to"]["version"]) == (new["id"], 1)
    found = {each["path"]: each for each in diff["changes"]}
    assert found["id"] == {"path": "id", "before": "o", "after": new["id"]}
    assert found["original_order_id"] == {"path": "original_order_id", "after": "o"}
    assert found["total"]["money"]["after"] == "0.00 EUR"
    first = (await get(client, "o/diff", **{"from[version]": 1, "to[order_id]": new["id"], "to[version]": 1}))["diff"]
    assert first["from"]["version"] == 1


@pytest.mark.parametrize(
    ("query", "status", "param"),
    [
        ("to[order_id]=nobody", 404, "to[order_id]"),
        ("to[order_id]=", 400, "to[order_id]"),
        ("from[order_id]=o", 400, "from[order_id]"),
        ("from[version]=9", 400, "from[version]"),
        ("to[version]=9", 400, "to[version]"),
        ("to[position]=999999", 400, "to[position]"),
        ("from[time]=9999999999", 400, "from[time]"),
        ("from[version]=1&from[time]=1", 400, "from[time]"),
        ("from[time]=0", 404, None),
    ],
)
async def test_a_wrong_side_of_a_diff_is_named(client: Client, query: str, status: int, param: str | None) -> None:
    await create(client, id="o")
    code = "resource_not_found" if status == 404 else "param_wrong_value"
    await refused(await client.get(f"{ORDERS}/o/diff?{query}"), status, code, param)
    await refused(await client.get(f"{ORDERS}/nobody/diff?{query}"), 404, "resource_not_found")


# Who may see what


async def test_an_unknown_order_has_no_past(client: Client) -> None:
    for path in ("nobody/history", "nobody/diff", "nobody?as_of[version]=1", "x%00/history"):
        await refused(await client.get(f"{ORDERS}/{path}"), 404, "resource_not_found")


async def test_the_past_of_another_site_is_not_there(client: Client, pool: asyncpg.Pool) -> None:
    await create(client, id="o")
    await create(client, id="mine")
    key = await Sites(pool).create_key(await new_site(pool), "k", KeyKind.FULL, system_clock_ms())
    for path in ("o/history", "o/diff", "o?as_of[version]=1", "o?as_of[position]=1"):
        await refused(await client.get(f"{ORDERS}/{path}", headers=basic(key)), 404, "resource_not_found")


@pytest.fixture
async def entities(client: Client, pool: asyncpg.Pool, site: Site) -> None:
    """Two business entities with an order each, of the same name."""
    for entity in ("a", "b"):
        invoice = {"id": f"of_{entity}", "status": "paid", "currency_code": "USD", "line_items": []}
        text = json.dumps(invoice | {"business_entity_id": entity})
        assert (await load_file(pool, site, StringIO(text))).loaded == 1
        await create(client, id=entity, invoice_id=f"of_{entity}")


@pytest.mark.usefixtures("entities")
async def test_the_past_of_another_business_entity_is_not_there(client: Client) -> None:
    restricted = {"chargebee-business-entity-id": "a"}
    for path in ("history", "diff", "?as_of[version]=1"):
        slash = "" if path.startswith("?") else "/"
        own = await client.get(f"{ORDERS}/a{slash}{path}", headers=restricted)
        assert own.status == 200
        other = await client.get(f"{ORDERS}/b{slash}{path}", headers=restricted)
        await refused(other, 404, "resource_not_found")
    other = await client.get(f"{ORDERS}/a/diff?to[order_id]=b", headers=restricted)
    await refused(other, 404, "resource_not_found", "to[order_id]")


# Trouble


async def test_hostile_text_is_whole_in_values_and_harmless_in_sentences(client: Client) -> None:
    await import_order(client, "inv_0002", id="o")
    response = await client.post(
        f"{ORDERS}/o/cancel", data={"cancellation_reason": "others", "comment": HOSTILE, "customer_notes": "n" * 600}
    )
    assert response.status == 200
    await post(client, "o", note=HOSTILE)
    _, cancelled, noted = await history(client, "o")
    assert changed(noted, "note")["after"] == HOSTILE
    assert "<script>" in cancelled["sentence"]
    assert "\\u202egnp.exe \\x1b[31mred" in cancelled["sentence"]
    assert len(cancelled["sentence"]) < 400
    assert cancelled["sentence"].isprintable()


async def test_a_history_of_two_hundred_versions_is_whole(client: Client) -> None:
    await import_order(client, "inv_0002", id="o")
    for number in range(199):
        await post(client, "o", note=str(number))
    first = await get(client, "o/history", limit=100)
    second = await get(client, "o/history", limit=100, offset=first["next_offset"])
    assert "next_offset" not in second
    notes = [changed(entry["change"], "note") for entry in (first["list"] + second["list"])[2:]]
    assert [(each["before"], each["after"]) for each in notes] == [(str(n), str(n + 1)) for n in range(198)]


async def test_ids_with_slashes_have_their_past(client: Client) -> None:
    await create(client, id="a/history")
    await create(client, id="a")
    assert len(await history(client, "a")) == 1
    assert (await history(client, "a/history"))[0]["request"]["path"] == "/api/v2/orders"
    assert (await get(client, "a/history/diff"))["diff"]["to"]["order_id"] == "a/history"


async def test_what_is_appended_while_a_position_is_read_does_not_show(
    client: Client, services: Services, site: Site
) -> None:
    await create(client, id="o", note="before")
    head = await services.store.head_position(site)
    await post(client, "o", note="behind")
    assert head is not None
    log = await services.store.read_log(site, after=Position(head))
    assert [record.version for record in log] == [2]
    assert (await get(client, "o", **{"as_of[position]": head}))["order"]["note"] == "before"
