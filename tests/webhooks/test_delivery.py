"""Delivering events to endpoints: what is sent, in which order, how often, and when no more. Time is the test's."""

import asyncio
import base64

import pytest

from ledger.limits import WEBHOOK_CLAIM_S, WEBHOOK_NEXT_ENDPOINT_S, WEBHOOK_RETRY_DELAYS_S
from ledger.probe import Probe
from tests.log.waiting import eventually
from tests.webhooks.conftest import Shop
from tests.webhooks.receiver import Behaviour, Hang, accept, answer, die, receiving


async def test_an_event_is_posted_as_the_events_api_shows_it(shop: Shop) -> None:
    async with receiving() as receiver:
        await shop.endpoint(receiver.url("/hook?a=1&b=%20"))
        event_id = await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until("succeeded")

    [call] = receiver.calls
    assert (call.method, call.path) == ("POST", "/hook?a=1&b=%20")
    assert call.headers["Content-Type"] == "application/json"
    assert "Authorization" not in call.headers
    shown = (await (await shop.client.get(f"/api/v2/events/{event_id}")).json())["event"]
    assert (shown["webhook_status"], call.event["webhook_status"]) == ("succeeded", "scheduled")
    assert "webhooks" not in call.event
    assert [each["webhook_status"] for each in shown.pop("webhooks")] == ["succeeded"]
    assert {**shown, "webhook_status": "scheduled"} == call.event
    assert list(call.event["content"]) == ["order"]


async def test_user_and_password_are_sent_with_exactly_one_blank(shop: Shop) -> None:
    async with receiving() as receiver:
        endpoint = await shop.endpoint(receiver.url(), basic_auth_username="ann", basic_auth_password="s:ü ret")
        await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until("succeeded")
        await shop.change_endpoint(endpoint["id"], basic_auth_password="other")
        await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until("succeeded", "succeeded")
        await shop.change_endpoint(endpoint["id"], basic_auth_username="", basic_auth_password="")
        await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until(*["succeeded"] * 3)

    first, second, third = (call.headers.get("Authorization") for call in receiver.calls)
    assert first == "Basic " + base64.b64encode("ann:s:ü ret".encode()).decode()
    assert second == "Basic " + base64.b64encode(b"ann:other").decode()
    assert third is None


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (answer(500), "answered with status 500"),
        (answer(404), "answered with status 404"),
        (answer(302, Location="/elsewhere"), "answered with status 302; redirects are not followed"),
        (die, "closed the connection without an answer"),
    ],
)
async def test_what_is_no_success_is_a_failure_with_its_reason(shop: Shop, behaviour: Behaviour, reason: str) -> None:
    async with receiving(behaviour) as receiver:
        await shop.endpoint(receiver.url())
        event_id = await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until("re_scheduled")

    assert len(receiver.calls) == 1
    assert await shop.rows("failure_reason", "attempts") == [(reason, 1)]
    shown = (await (await shop.client.get(f"/api/v2/events/{event_id}")).json())["event"]
    assert (shown["webhook_status"], shown["webhook_failure_reason"]) == ("re_scheduled", reason)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_a_success(shop: Shop, status: int) -> None:
    async with receiving(answer(status)) as receiver:
        await shop.endpoint(receiver.url())
        await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until("succeeded")


async def test_an_endpoint_where_nobody_listens_is_a_failure(shop: Shop) -> None:
    async with receiving() as receiver:
        url = receiver.url()
    await shop.endpoint(url)
    await shop.order()
    await shop.plan()
    async with shop.delivering():
        await shop.until("re_scheduled")
    [(reason,)] = await shop.rows("failure_reason")
    assert reason.startswith("no connection: ")


async def test_a_failure_is_tried_again_seven_times_each_after_its_delay(shop: Shop) -> None:
    """2 min, 6 min, 30 min, 1 h, 5 h, 1 day, 2 days, each after the call before (chargebee/events.md, section 5)."""
    assert WEBHOOK_RETRY_DELAYS_S == (120, 360, 1800, 3600, 18000, 86400, 172800)
    async with receiving(answer(503)) as receiver:
        endpoint = await shop.endpoint(receiver.url())
        await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until("re_scheduled")
            for calls, delay_s in enumerate(WEBHOOK_RETRY_DELAYS_S, 1):
                [(due_at,)] = await shop.rows("due_at")
                assert due_at == shop.clock.now_ms + delay_s * 1000
                shop.clock.pass_s(delay_s - 0.001)
                assert (
                    await shop.services.pool.fetchval(
                        "SELECT count(*) FROM ledger.webhook_delivery WHERE due_at <= $1", shop.clock()
                    )
                    == 0
                )
                assert len(receiver.calls) == calls
                shop.clock.pass_s(0.001)
                await shop.until_called(receiver, calls + 1)
                await shop.until("failed" if calls == 7 else "re_scheduled")
    assert await shop.rows("attempts", "due_at", "first_finished_at") == [(8, None, 1_800_000_000_000)]
    first, *later = [call.event for call in receiver.calls]
    assert "webhooks" not in first
    for event in later:
        assert event["webhook_status"] == "re_scheduled"
        assert event["webhooks"] == [{"id": endpoint["id"], "webhook_status": "re_scheduled", "object": "webhook"}]
    assert len({event["id"] for event in (first, *later)}) == 1


async def test_a_retry_that_succeeds_ends_it(shop: Shop) -> None:
    async with receiving(answer(500)) as receiver:
        await shop.endpoint(receiver.url())
        await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until("re_scheduled")
            receiver.behaviour = accept
            shop.clock.pass_s(120)
            await shop.until("succeeded")
    assert await shop.rows("failure_reason", "due_at") == [(None, None)]


async def test_calls_of_an_endpoint_begin_in_the_order_of_the_log(shop: Shop) -> None:
    async with receiving() as receiver:
        await shop.endpoint(receiver.url())
        event_ids = [await shop.order() for _ in range(30)]
        await shop.plan()
        async with shop.delivering():
            await shop.until(*["succeeded"] * 30)
    assert receiver.event_ids == event_ids


async def test_the_endpoints_of_an_event_are_called_one_after_another_the_primary_one_first(shop: Shop) -> None:
    hang = Hang()
    async with receiving() as first, receiving() as second, receiving(hang) as primary:
        await shop.endpoint(first.url())
        await shop.endpoint(second.url())
        await shop.endpoint(primary.url(), primary_url="true")
        await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until_called(primary, 1)
            assert await shop.rows("due_at", "place") == [
                (shop.clock.now_ms + WEBHOOK_CLAIM_S * 1000, 0),
                (shop.clock.now_ms + WEBHOOK_NEXT_ENDPOINT_S * 1000, 1),
                (shop.clock.now_ms + WEBHOOK_NEXT_ENDPOINT_S * 2000, 2),
            ]
            assert not first.calls
            hang.over.set()
            await shop.until(*["succeeded"] * 3)
    assert [len(each.calls) for each in (primary, first, second)] == [1, 1, 1]


async def test_an_endpoint_that_hangs_delays_the_next_one_by_two_seconds_at_most(shop: Shop) -> None:
    hang = Hang()
    async with receiving(hang) as slow, receiving() as quick:
        await shop.endpoint(slow.url())
        await shop.endpoint(quick.url())
        event_ids = [await shop.order() for _ in range(10)]
        await shop.plan()
        async with shop.delivering():
            await shop.until_called(slow, 4)
            assert not quick.calls
            shop.clock.pass_s(WEBHOOK_NEXT_ENDPOINT_S)
            await shop.until_called(quick, 10)
            # Calls of one endpoint at once are bounded.
            assert (slow.most_at_once, len(slow.calls)) == (4, 4)
            hang.over.set()
            await shop.until(*["succeeded"] * 20)
    assert quick.event_ids == slow.event_ids == event_ids


async def test_an_endpoint_that_failed_lately_delays_nobody(shop: Shop) -> None:
    hang = Hang()
    async with receiving(answer(500)) as broken, receiving() as sound:
        await shop.endpoint(broken.url())
        await shop.endpoint(sound.url())
        await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until("re_scheduled", "succeeded")
            broken.behaviour = hang
            await shop.order()
            await shop.plan()
            await shop.until_called(sound, 2)
            await shop.until_called(broken, 2)
            hang.over.set()
            await shop.until("re_scheduled", "succeeded", "succeeded", "succeeded")


async def test_an_endpoint_that_failed_is_called_once_at_a_time_until_it_answers_again(shop: Shop) -> None:
    hang = Hang()
    async with receiving(answer(500)) as receiver:
        await shop.endpoint(receiver.url())
        await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until("re_scheduled")
            receiver.behaviour = hang
            receiver.most_at_once = 0
            for _ in range(6):
                await shop.order()
            await shop.plan()
            await shop.until_called(receiver, 2)
            assert receiver.most_at_once == 1
            hang.over.set()
            await shop.until("re_scheduled", *["succeeded"] * 6)


@pytest.mark.parametrize("action", ["disable", "delete"])
async def test_a_disabled_or_deleted_endpoint_gets_no_further_calls(shop: Shop, action: str) -> None:
    async with receiving(answer(500)) as receiver:
        endpoint = await shop.endpoint(receiver.url())
        await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until("re_scheduled")
            await shop.order()
            if action == "disable":
                await shop.change_endpoint(endpoint["id"], disabled="true")
            else:
                await shop.change_endpoint(endpoint["id"], "/delete")
            await shop.order()
            shop.clock.pass_s(10 * 86400)
            await shop.plan()
            await shop.until(*["disabled"] * (3 if action == "disable" else 2))
            if action == "disable":
                await shop.change_endpoint(endpoint["id"], disabled="false")
                await shop.order()
                await shop.plan()
                await shop.until(*["disabled"] * 3, "re_scheduled")
    assert len(receiver.calls) == (2 if action == "disable" else 1)


async def test_an_endpoint_that_was_disabled_is_not_called_although_the_planner_has_not_heard_of_it(shop: Shop) -> None:
    async with receiving() as disabled, receiving() as sound:
        endpoint = await shop.endpoint(disabled.url())
        await shop.endpoint(sound.url())
        await shop.order()
        await shop.plan()
        await shop.change_endpoint(endpoint["id"], disabled="true")
        shop.clock.pass_s(WEBHOOK_NEXT_ENDPOINT_S)
        async with shop.delivering():
            await shop.until("scheduled", "succeeded")
            await shop.plan()
            await shop.until("disabled", "succeeded")
    assert not disabled.calls


async def test_a_success_of_an_endpoint_that_was_disabled_during_the_call_counts(shop: Shop) -> None:
    hang = Hang()
    async with receiving(hang) as receiver:
        endpoint = await shop.endpoint(receiver.url())
        await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until_called(receiver, 1)
            await shop.change_endpoint(endpoint["id"], disabled="true")
            await shop.plan()
            assert await shop.statuses() == ["disabled"]
            hang.over.set()
            await shop.until("succeeded")


async def test_two_services_on_one_database_never_make_the_same_call(shop: Shop) -> None:
    async with receiving() as receiver:
        await shop.endpoint(receiver.url())
        event_ids = [await shop.order() for _ in range(60)]
        await asyncio.gather(*(shop.plan() for _ in range(3)))
        async with shop.delivering(loops=3):
            await shop.until(*["succeeded"] * 60)
    assert sorted(receiver.event_ids) == sorted(event_ids)


async def test_a_call_whose_caller_is_gone_is_made_again_after_its_claim(shop: Shop) -> None:
    hang = Hang()
    async with receiving(hang) as receiver:
        await shop.endpoint(receiver.url())
        await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until_called(receiver, 1)
            # Another process looks, and finds the call claimed; later, nobody has reported what it came to.
            receiver.behaviour = accept
            async with shop.delivering():
                assert await shop.statuses() == ["scheduled"]
                shop.clock.pass_s(WEBHOOK_CLAIM_S)
                await shop.until("succeeded")
            assert len(receiver.calls) == 2
            hang.over.set()
            await eventually(lambda: receiver.now == 0)
        assert await shop.rows("status", "attempts") == [("succeeded", 1)]


async def test_a_service_that_stops_gives_back_what_it_was_at(shop: Shop) -> None:
    async with receiving(Hang()) as receiver:
        await shop.endpoint(receiver.url())
        await shop.order()
        await shop.plan()
        async with shop.delivering():
            await shop.until_called(receiver, 1)
        assert await shop.rows("status", "claim", "due_at") == [("scheduled", None, shop.clock.now_ms)]
        receiver.behaviour = accept
        async with shop.delivering():
            await shop.until("succeeded")


async def test_addresses_that_are_not_public_are_refused_with_the_reason(shop: Shop) -> None:
    async with receiving() as receiver:
        await shop.endpoint(receiver.url())
        await shop.endpoint(receiver.url().replace("127.0.0.1", "localhost"))
        await shop.order()
        await shop.plan()
        async with shop.delivering(allow_private=False):
            await shop.until("re_scheduled", "re_scheduled")
    assert not receiver.calls
    assert {reason for (reason,) in await shop.rows("failure_reason")} == {"the address of the host is loopback"}


class _Heard(Probe):
    def __init__(self) -> None:
        self.calls: list[bool] = []

    def webhook_called(self, duration_s: float, *, succeeded: bool) -> None:
        assert duration_s > 0
        self.calls.append(succeeded)


async def test_each_call_is_told_to_whoever_measures(shop: Shop) -> None:
    heard = _Heard()
    async with receiving(answer(500)) as failing, receiving() as receiver:
        for url in (failing.url(), receiver.url()):
            await shop.endpoint(url)
        await shop.order()
        await shop.plan()
        async with shop.delivering(probe=heard):
            await shop.until("re_scheduled", "succeeded")
    assert sorted(heard.calls) == [False, True]
