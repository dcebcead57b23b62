"""The same key and the same request get the same answer, and run once (chargebee/conventions.md, section 6)."""

import asyncio
from typing import Any

import asyncpg
import pytest

from ledger.batch import Answer
from ledger.errors import TemporaryError
from ledger.ids import Site, system_clock_ms
from ledger.store import Store
from tests.api.requests import ORDERS, Client, basic, create, import_order, refused

REPLAYED = "chargebee-idempotency-replayed"


def key(value: str) -> dict[str, str]:
    return {"chargebee-idempotency-key": value}


async def post(client: Client, path: str = ORDERS, *, headers: dict[str, str], **form: Any) -> Any:
    return await client.post(path, data=form or {"invoice_id": "inv_0001"}, headers=headers)


async def test_a_repeated_request_is_answered_from_the_first_run(
    client: Client, pool: asyncpg.Pool, site: Site
) -> None:
    first = await post(client, headers=key("k"))
    assert REPLAYED not in first.headers
    head = await Store(pool).head_position(site)
    second = await post(client, headers=key("k"))
    assert second.headers[REPLAYED] == "true"
    assert await second.read() == await first.read()
    assert await Store(pool).head_position(site) == head


async def test_the_replay_header_is_lower_case_on_the_wire(client: Client) -> None:
    await post(client, headers=key("k"))
    second = await post(client, headers=key("k"))
    assert REPLAYED.encode() in {name for name, _ in second.raw_headers}


async def test_a_key_with_another_request_is_422(client: Client) -> None:
    await post(client, headers=key("k"))
    await refused(await post(client, headers=key("k"), invoice_id="inv_0002"), 422, "unable_to_process_request")
    order = await create(client)
    other_path = await post(client, f"{ORDERS}/{order['id']}", headers=key("k"), invoice_id="inv_0001")
    await refused(other_path, 422, "unable_to_process_request")
    other_header = await post(client, headers=key("k") | {"chargebee-event-webhook": "all-disabled"})
    await refused(other_header, 422, "unable_to_process_request")


async def test_headers_that_count_retries_do_not_matter(client: Client) -> None:
    await post(client, headers=key("k"))
    again = await post(client, headers=key("k") | {"X-CB-Retry-Attempt": "1", "User-Agent": "other"})
    assert again.headers[REPLAYED] == "true"


async def test_refusals_are_kept_and_a_missing_right_is_not(client: Client, pool: asyncpg.Pool, site: Site) -> None:
    blank = await post(client, headers=key("400"), invoice_id="")
    unknown = await post(client, headers=key("404"), invoice_id="nobody")
    for first, name, form in (
        (blank, "400", {"invoice_id": ""}),
        (unknown, "404", {"invoice_id": "nobody"}),
    ):
        again = await post(client, headers=key(name), **form)
        assert again.headers[REPLAYED] == "true"
        assert (again.status, await again.read()) == (first.status, await first.read())
    await refused(await post(client, headers=key("401") | basic("wrong")), 401, "api_authentication_failed")
    assert await Store(pool).find_answer(site, "401", system_clock_ms()) is None
    assert (await post(client, headers=key("401"))).status == 200


async def test_a_passing_fault_is_not_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:

        async def busy(*_: object) -> None:
            raise TemporaryError(retry_after_s=1)

        patch.setattr("ledger.appender.Appender.append", busy)
        response = await post(client, headers=key("k"))
        assert response.status == 503
        assert response.headers["Retry-After"] == "1"
    assert (await post(client, headers=key("k"))).status == 200


async def test_a_repeated_request_takes_no_number(client: Client) -> None:
    """Numbers of orders count without gaps as long as nothing goes wrong, and a retry is nothing that goes wrong."""
    form = {
        "status": "queued",
        "created_at": 1_700_000_000,
        "order_date": 1_700_000_000,
        "shipping_date": 1_700_000_000,
    }

    async def born(name: str, invoice_id: str) -> int:
        response = await post(client, f"{ORDERS}/import_order", headers=key(name), invoice_id=invoice_id, **form)
        assert response.status == 200, await response.text()
        return int((await response.json())["order"]["id"])

    first = await born("a", "inv_0001")
    assert await born("a", "inv_0001") == first
    assert await born("b", "inv_0002") == first + 1


async def test_a_request_that_would_be_refused_by_now_is_answered_as_before(client: Client) -> None:
    order = await import_order(client)
    deleting = f"{ORDERS}/{order['id']}/delete"
    first = await post(client, deleting, headers=key("k"))
    assert first.status == 200
    again = await post(client, deleting, headers=key("k"))
    assert (again.status, again.headers[REPLAYED], await again.read()) == (200, "true", await first.read())
    await refused(await post(client, deleting, headers=key("other")), 404, "resource_not_found")


async def test_two_equal_requests_at_once_run_once(client: Client, pool: asyncpg.Pool, site: Site) -> None:
    before = await Store(pool).head_position(site)
    answers = await asyncio.gather(*(post(client, headers=key("k")) for _ in range(8)))
    assert {answer.status for answer in answers} == {200}
    assert len({await answer.read() for answer in answers}) == 1
    assert sum(REPLAYED in answer.headers for answer in answers) == 7
    assert await Store(pool).head_position(site) == (before or 0) + 1


async def test_an_answer_is_forgotten_after_half_an_hour(
    client: Client, pool: asyncpg.Pool, site: Site, owner: asyncpg.Connection
) -> None:
    first = await post(client, headers=key("k"))
    await owner.execute("UPDATE ledger.idempotent_answer SET expires_at = $2 WHERE site = $1", site, system_clock_ms())
    second = await post(client, headers=key("k"))
    assert REPLAYED not in second.headers
    assert await second.read() != await first.read()
    answer = await Store(pool).find_answer(site, "k", system_clock_ms())
    assert isinstance(answer, Answer)
    assert 29 * 60_000 < answer.expires_at - system_clock_ms() <= 30 * 60_000


async def test_the_go_sdks_header_is_taken_when_the_usual_one_is_absent(client: Client) -> None:
    first = await post(client, headers={"X-CB-Idempotency-Key": "go"})
    second = await post(client, headers={"X-CB-Idempotency-Key": "go"})
    assert (REPLAYED in first.headers, second.headers.get(REPLAYED)) == (False, "true")


async def test_a_key_over_100_characters_is_refused(client: Client) -> None:
    response = await post(client, headers=key("x" * 101))
    assert response.status == 400
    assert (await post(client, headers=key("x" * 100))).status == 200


async def test_a_change_that_changes_nothing_is_kept_too(client: Client) -> None:
    order = await create(client, note="same")
    first = await post(client, f"{ORDERS}/{order['id']}", headers=key("k"), note="same")
    again = await post(client, f"{ORDERS}/{order['id']}", headers=key("k"), note="same")
    assert again.headers[REPLAYED] == "true"
    assert await again.read() == await first.read()
