"""Delivering again by hand, and what the command line shows of webhooks."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from ledger.ids import system_clock_ms
from ops.database import Address
from tests.ops.command_line import run, url_of
from tests.webhooks.conftest import Clock, Shop
from tests.webhooks.receiver import accept, answer, receiving

URL = "https://shop.example.com/hook"


@pytest.fixture
def clock() -> Clock:
    """The commands have the system's clock, so the service has it too, and time can be added to it."""
    clock = Clock()
    clock.now_ms = system_clock_ms()
    return clock


@pytest.fixture
def database_url(own_address: Address) -> str:
    return url_of(own_address)


async def command(*arguments: str, database_url: str) -> tuple[int, str]:
    """Status and output of a command, which runs an event loop of its own."""
    done = await asyncio.to_thread(run, "webhooks", *arguments, database_url=database_url)
    return done.returncode, done.stdout + done.stderr


async def test_an_event_is_delivered_again_with_its_id_and_its_earlier_result(shop: Shop, database_url: str) -> None:
    async with receiving() as receiver:
        endpoint = await shop.endpoint(receiver.url())
        event_id = await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until("succeeded")
            status, told = await command("resend", event_id, "--yes", database_url=database_url)
            assert (status, "1 of 1 deliveries are due now" in told) == (0, True), told
            shop.clock.now_ms = system_clock_ms()
            await shop.until_called(receiver, 2)
            await shop.until("succeeded")
    first, second = (call.event for call in receiver.calls)
    assert first["id"] == second["id"] == event_id
    assert first["content"] == second["content"]
    assert second["webhooks"] == [{"id": endpoint["id"], "webhook_status": "succeeded", "object": "webhook"}]
    assert second["webhook_status"] == "succeeded"


async def test_an_event_of_before_the_endpoint_can_be_delivered(shop: Shop, database_url: str) -> None:
    event_id = await shop.order()
    async with receiving() as receiver:
        await shop.endpoint(receiver.url())
        await command("resend", event_id, "--yes", database_url=database_url)
        shop.clock.now_ms = system_clock_ms()
        async with shop.delivering():
            await shop.until("succeeded")
    assert receiver.event_ids == [event_id]


async def test_all_that_failed_since_a_time_are_delivered_again(shop: Shop, database_url: str) -> None:
    async with receiving(answer(500)) as broken, receiving() as sound:
        endpoint = await shop.endpoint(broken.url())
        other = await shop.endpoint(sound.url())
        before = await shop.order()
        shop.clock.pass_s(5)
        since = datetime.fromtimestamp(shop.clock.now_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        after = [await shop.order() for _ in range(2)]
        await shop.plan()
        async with shop.delivering():
            await shop.until(*["re_scheduled", "succeeded"] * 3)
        code, shown = await command("list", "--failed", "--json", database_url=database_url)
        failed = json.loads(shown)["failed"]
        assert (code, [each["event_id"] for each in failed]) == (0, [*reversed(after), before])
        assert {(each["status"], each["failure_reason"]) for each in failed} == {
            ("re_scheduled", "answered with status 500")
        }
        status, told = await command(
            "resend", "--failed", "--since", since, "--endpoint", other["id"], "--yes", database_url=database_url
        )
        assert (status, told) == (0, "there is no such delivery\n")
        status, told = await command("resend", "--failed", "--since", since, "--yes", database_url=database_url)
        assert (status, "2 of 2 deliveries are due now" in told) == (0, True), told
        broken.behaviour = accept
        broken.calls.clear()
        async with shop.delivering():
            await shop.until("re_scheduled", *["succeeded"] * 5)
    assert broken.event_ids == after
    assert len(sound.calls) == 3
    assert endpoint["id"] != other["id"]


async def test_a_resend_that_fails_is_tried_again_from_the_start(shop: Shop, database_url: str) -> None:
    async with receiving(answer(500)) as receiver:
        await shop.endpoint(receiver.url())
        event_id = await shop.order()
        await shop.plan()
        await shop.pool.execute(
            "UPDATE ledger.webhook_delivery SET status = 'failed', attempts = 8, due_at = NULL, first_finished_at = 1"
        )
        await command("resend", event_id, "--yes", database_url=database_url)
        shop.clock.now_ms = system_clock_ms()
        async with shop.delivering():
            await shop.until("re_scheduled")
    assert await shop.rows("attempts", "due_at") == [(1, shop.clock.now_ms + 120_000)]


async def test_nothing_is_delivered_again_without_a_yes(shop: Shop, database_url: str) -> None:
    await shop.endpoint(URL)
    event_id = await shop.order()
    await shop.plan()
    before = await shop.rows("due_at", "status")
    status, told = await command("resend", event_id, database_url=database_url)
    assert (status, event_id in told) == (1, True)
    assert await shop.rows("due_at", "status") == before


async def test_what_cannot_be_delivered_again_is_refused(shop: Shop, database_url: str) -> None:
    endpoint = await shop.endpoint(URL, disabled="true")
    event_id = await shop.order()
    await shop.plan()
    status, told = await command("resend", "ev_nobody", database_url=database_url)
    assert (status, "There is no event ev_nobody" in told) == (1, True), told
    status, told = await command("resend", event_id, "--endpoint", endpoint["id"], database_url=database_url)
    assert (status, "There is no enabled endpoint" in told) == (1, True), told
    status, told = await command("resend", event_id, "--yes", database_url=database_url)
    assert (status, told) == (0, "there is no such delivery\n")
    for wrong in ([], [event_id, "--failed"], ["--failed"], [event_id, "--since", "2026-01-01T00:00:00Z"]):
        status, _ = await command("resend", *wrong, database_url=database_url)
        assert status == 2
    status, told = await command("resend", "--failed", "--since", "yesterday", database_url=database_url)
    assert (status, "is no time" in told) == (1, True)


async def test_endpoints_are_listed_with_what_became_of_their_deliveries(shop: Shop, database_url: str) -> None:
    status, told = await command("list", database_url=database_url)
    assert (status, told) == (0, "there is no webhook endpoint\n")
    endpoint = await shop.endpoint(URL, basic_auth_password="secret")
    gone = await shop.endpoint(URL)
    await shop.order()
    await shop.change_endpoint(gone["id"], "/delete")
    # The command plans what nobody has planned.
    status, told = await command("list", database_url=database_url)
    assert (status, "1 scheduled" in told, "deleted" in told, "secret" in told) == (0, True, True, False), told
    _, text = await command("list", "--json", database_url=database_url)
    assert json.loads(text) == {
        "endpoints": [endpoint],
        "counts": sorted(
            [
                {"endpoint_id": endpoint["id"], "status": "scheduled", "deliveries": 1, "last_finished_at": None},
                {"endpoint_id": gone["id"], "status": "disabled", "deliveries": 1, "last_finished_at": None},
            ],
            key=lambda each: str(each["endpoint_id"]),
        ),
    }


async def test_a_rebuild_and_a_replay_deliver_nothing(shop: Shop, database_url: str) -> None:
    async with receiving() as receiver:
        await shop.endpoint(receiver.url())
        event_id = await shop.order()
        event = (await (await shop.client.get(f"/api/v2/events/{event_id}")).json())["event"]
        await shop.plan()
        async with shop.delivering():
            await shop.until("succeeded")
            before = await shop.rows("position", "status", "attempts", "due_at", "last_finished_at")
            for arguments in (["rebuild"], ["replay", event["content"]["order"]["id"], "--plain"]):
                done = await asyncio.to_thread(run, *arguments, database_url=database_url)
                assert done.returncode == 0, done.stdout + done.stderr
            # Another event is delivered meanwhile: the loop has looked.
            await shop.order()
            await shop.plan()
            await shop.until("succeeded", "succeeded")
            after = await shop.rows("position", "status", "attempts", "due_at", "last_finished_at")
            assert after[:1] == before
    assert len(receiver.calls) == 2
