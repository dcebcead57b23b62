"""The intake: what Chargebee's webhooks bring is recorded once, whatever is delivered twice, late or malformed."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import asyncpg
import msgspec
import pytest
from aiohttp.test_utils import TestClient

from api.app import create_app
from api.intake.event import TAKEN_IN
from api.services import Services
from ledger.envelope import Envelope, EventMapper
from ledger.ids import Position, Site, system_clock_ms
from ledger.intake import DeliveryCount, IntakeOutcome
from ledger.limits import INTAKE_BODY_BYTES_MAX, KEY_MEMORY_S, REQUEST_BODY_BYTES_MAX
from ledger.sites import KeyKind
from ops.serving.retention import INTAKE_EVENTS_KEPT_DAYS, forget_old_intake_events
from tests.api.chargebee_events import CREDIT_NOTE, GIFT, SUBSCRIPTION, body_of, chargebee_event
from tests.api.chargebee_invoice import INVOICE
from tests.api.requests import basic, refused
from tests.contract.contract import CONTRACT

Client = TestClient[Any, Any]
PATH = "/api/v2/intake/chargebee"
NAME = "chargebee"
DAY_MS = 86_400_000


def credentials(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
async def password(services: Services, site: Site) -> str:
    return await services.sites.create_intake(site, NAME, system_clock_ms())


@pytest.fixture
async def chargebee(aiohttp_client: Callable[..., Awaitable[Client]], services: Services, password: str) -> Client:
    """Chargebee, which posts JSON with the credentials that it was given."""
    headers = credentials(NAME, password) | {"Content-Type": "application/json;charset=UTF-8"}
    return await aiohttp_client(create_app(services), headers=headers)


async def post(chargebee: Client, event: dict[str, Any] | bytes) -> dict[str, Any]:
    body = event if isinstance(event, bytes) else body_of(event)
    response = await chargebee.post(PATH, data=BytesIO(body))
    assert response.status == 200, await response.text()
    answer: dict[str, Any] = await response.json()
    return answer


async def recorded(services: Services, site: Site) -> list[Envelope]:
    mapper = EventMapper()
    return [mapper.envelope(event.body) for event in await services.store.read_log(site, after=Position(0))]


async def streams(services: Services, site: Site) -> list[tuple[str, str]]:
    return [(each.stream, each.type) for each in await recorded(services, site)]


async def counts(services: Services, site: Site) -> dict[tuple[str, str], int]:
    return {(each.event_type, each.outcome): each.count for each in await services.intake.counts(site)}


# What is recorded


async def test_an_invoice_is_recorded_with_who_sent_it_and_why(
    chargebee: Client, services: Services, site: Site
) -> None:
    event = chargebee_event("invoice_generated", "ev_16CHARS", invoice=INVOICE)
    answer = await post(chargebee, event)
    [found] = await recorded(services, site)
    assert answer == {
        "outcome": "recorded",
        "event_id": "ev_16CHARS",
        "event_type": "invoice_generated",
        "recorded": [found.event_id],
    }
    assert (found.stream, found.type) == (f"invoice-{INVOICE['id']}", "invoice.recorded")
    metadata = found.metadata
    assert (metadata.actor, metadata.actor_kind, metadata.source) == (NAME, "intake", "external_service")
    assert (metadata.causation_id, metadata.correlation_id) == ("ev_16CHARS", metadata.request_id)
    assert (metadata.method, metadata.path) == ("POST", PATH)


async def test_numbers_with_decimals_are_kept_as_they_were_written(
    chargebee: Client, services: Services, site: Site
) -> None:
    body = body_of(chargebee_event("invoice_generated", invoice=INVOICE)).replace(
        b'"tax_rate":10.0', b'"tax_rate":8.8750'
    )
    await post(chargebee, body)
    [found] = await recorded(services, site)
    assert found.data["invoice"]["line_item_taxes"][0]["tax_rate"] == "8.8750"


@pytest.mark.parametrize(
    ("event_type", "content", "expected"),
    [
        ("invoice_updated", {"invoice": INVOICE}, [("invoice-__demo_inv__1", "invoice.recorded")]),
        (
            "payment_succeeded",
            {"subscription": SUBSCRIPTION, "invoice": INVOICE, "transaction": {"id": "txn_1"}, "customer": {"id": "c"}},
            [("invoice-__demo_inv__1", "invoice.recorded"), ("subscription-sub_1", "subscription.recorded")],
        ),
        (
            "payment_refunded",
            {"credit_note": CREDIT_NOTE, "invoice": INVOICE},
            [("invoice-__demo_inv__1", "invoice.recorded"), ("credit_note-CN-9", "credit_note.recorded")],
        ),
        ("credit_note_created", {"credit_note": CREDIT_NOTE}, [("credit_note-CN-9", "credit_note.recorded")]),
        ("credit_note_updated", {"credit_note": CREDIT_NOTE}, [("credit_note-CN-9", "credit_note.recorded")]),
        (
            "subscription_cancelled",
            {
                "subscription": SUBSCRIPTION,
                "credit_notes": [CREDIT_NOTE, CREDIT_NOTE | {"id": "CN-10"}],
                "unbilled_charge": [],
            },
            [
                ("credit_note-CN-9", "credit_note.recorded"),
                ("credit_note-CN-10", "credit_note.recorded"),
                ("subscription-sub_1", "subscription.recorded"),
            ],
        ),
        (
            "subscription_cancelled",
            {"subscription": SUBSCRIPTION, "credit_note": [CREDIT_NOTE]},
            [("credit_note-CN-9", "credit_note.recorded"), ("subscription-sub_1", "subscription.recorded")],
        ),
        ("gift_claimed", {"gift": GIFT}, [("gift-__demo_inv__1", "gift.recorded")]),
    ],
)
async def test_each_event_records_what_it_holds_the_invoice_first(
    chargebee: Client,
    services: Services,
    site: Site,
    event_type: str,
    content: dict[str, Any],
    expected: list[tuple[str, str]],
) -> None:
    answer = await post(chargebee, chargebee_event(event_type, **content))
    assert await streams(services, site) == expected
    assert answer["outcome"] == "recorded"
    assert answer["recorded"] == [each.event_id for each in await recorded(services, site)]


@pytest.mark.parametrize(
    ("event_type", "name", "resource"),
    [("invoice_deleted", "invoice", INVOICE), ("credit_note_deleted", "credit_note", CREDIT_NOTE)],
)
async def test_what_was_deleted_is_recorded_as_deleted(
    chargebee: Client, services: Services, site: Site, event_type: str, name: str, resource: dict[str, Any]
) -> None:
    await post(chargebee, chargebee_event(event_type, **{name: resource}))
    [found] = await recorded(services, site)
    assert found.data[name]["deleted"] is True


# Twice, late, and again


async def test_an_event_that_is_delivered_again_is_a_duplicate(
    chargebee: Client, services: Services, site: Site
) -> None:
    event = chargebee_event("invoice_generated", invoice=INVOICE)
    assert (await post(chargebee, event))["outcome"] == "recorded"
    again = await post(chargebee, event)
    assert again == {"outcome": "duplicate", "event_id": event["id"], "event_type": "invoice_generated", "recorded": []}
    assert len(await recorded(services, site)) == 1
    key = "invoice_generated"
    assert await counts(services, site) == {(key, "recorded"): 1, (key, "duplicate"): 1}


async def test_an_event_that_is_delivered_again_after_a_kill_records_what_was_missing(
    chargebee: Client, services: Services, site: Site
) -> None:
    """The service was killed after the invoice and before the note; Chargebee had no answer, and sends it again."""
    await post(chargebee, chargebee_event("invoice_generated", invoice=INVOICE))
    answer = await post(chargebee, chargebee_event("payment_refunded", invoice=INVOICE, credit_note=CREDIT_NOTE))
    assert answer["outcome"] == "recorded"
    assert await streams(services, site) == [
        ("invoice-__demo_inv__1", "invoice.recorded"),
        ("credit_note-CN-9", "credit_note.recorded"),
    ]


async def test_another_event_with_the_same_state_changes_nothing(
    chargebee: Client, services: Services, site: Site
) -> None:
    await post(chargebee, chargebee_event("invoice_generated", invoice=INVOICE))
    answer = await post(chargebee, chargebee_event("payment_succeeded", invoice=INVOICE))
    assert (answer["outcome"], answer["recorded"]) == ("unchanged", [])
    assert len(await recorded(services, site)) == 1


async def test_an_older_state_that_comes_late_changes_nothing(
    chargebee: Client, services: Services, site: Site
) -> None:
    late = INVOICE | {"status": "payment_due", "amount_paid": 0, "resource_version": INVOICE["resource_version"] - 1}
    await post(chargebee, chargebee_event("invoice_updated", invoice=INVOICE))
    assert (await post(chargebee, chargebee_event("invoice_generated", invoice=late)))["outcome"] == "unchanged"
    assert len(await recorded(services, site)) == 1


async def test_the_same_event_many_times_at_once_is_recorded_once(
    chargebee: Client, services: Services, site: Site
) -> None:
    event = chargebee_event("payment_refunded", invoice=INVOICE, credit_note=CREDIT_NOTE)
    await asyncio.gather(*(post(chargebee, event) for _ in range(12)))
    assert len(await recorded(services, site)) == 2
    assert sum((await counts(services, site)).values()) == 12


async def test_the_same_event_id_on_another_site_is_another_event(
    chargebee: Client, services: Services, site: Site, aiohttp_client: Callable[..., Awaitable[Client]]
) -> None:
    other = Site(f"{site}x")
    await services.sites.create_site(other, live=False, now_ms=0)
    elsewhere = credentials(NAME, await services.sites.create_intake(other, NAME, system_clock_ms()))
    event = chargebee_event("invoice_generated", invoice=INVOICE)
    await post(chargebee, event)
    assert (await post(await aiohttp_client(create_app(services), headers=elsewhere), event))["outcome"] == "recorded"
    assert len(await recorded(services, other)) == 1


# Ignored and refused


@pytest.mark.parametrize(
    ("event_type", "counted"),
    [("customer_created", "customer_created"), ("order_created", "order_created"), ("tomorrows_event", "other")],
)
async def test_events_of_other_types_are_acknowledged_and_counted(
    chargebee: Client, services: Services, site: Site, event_type: str, counted: str
) -> None:
    event = chargebee_event(event_type, invoice={"id": 7}, order="whatever")
    assert (await post(chargebee, event))["outcome"] == "ignored"
    assert (await post(chargebee, event))["outcome"] == "duplicate"
    assert await recorded(services, site) == []
    assert await counts(services, site) == {(counted, "ignored"): 1, (counted, "duplicate"): 1}


@pytest.mark.parametrize("event_type", ["payment_succeeded", "payment_refunded"])
async def test_a_payment_of_no_invoice_is_acknowledged(chargebee: Client, event_type: str) -> None:
    assert (await post(chargebee, chargebee_event(event_type, transaction={"id": "t"})))["outcome"] == "ignored"


GOOD = chargebee_event("invoice_updated", "ev_good", invoice=INVOICE)
MALFORMED: list[tuple[Any, str | None]] = [
    (b"", None),
    (b"{", None),
    (b"\xff", None),
    (b"id=ev_1&event_type=invoice_generated", None),
    (b"[1]", None),
    (b"null", None),
    (b"NaN", None),
    ({"event": GOOD}, "id"),
    (GOOD | {"id": None}, "id"),
    (GOOD | {"id": 7}, "id"),
    (GOOD | {"id": " "}, "id"),
    (GOOD | {"id": "a b"}, "id"),
    (GOOD | {"id": "é"}, "id"),
    (GOOD | {"id": "a\nb"}, "id"),
    (GOOD | {"id": "x" * 101}, "id"),
    (GOOD | {"event_type": None}, "event_type"),
    (GOOD | {"event_type": ["x"]}, "event_type"),
    (GOOD | {"event_type": "x" * 101}, "event_type"),
    (GOOD | {"event_type": "\x00"}, "event_type"),
    (GOOD | {"content": None}, "content"),
    (GOOD | {"content": [INVOICE]}, "content"),
    (GOOD | {"content": {}}, "content.invoice"),
    (GOOD | {"content": {"invoice": "inv"}}, "content.invoice"),
    (GOOD | {"content": {"invoice": INVOICE | {"status": "bought"}}}, "content.invoice.status"),
    (
        GOOD | {"content": {"invoice": INVOICE | {"line_items": [{"id": "x"}]}}},
        "content.invoice.line_items[0].entity_type",
    ),
    (GOOD | {"content": {"invoice": INVOICE, "credit_note": 5}}, "content.credit_note"),
    (GOOD | {"content": {"invoice": INVOICE, "credit_notes": [{}]}}, "content.credit_notes[0].id"),
    (GOOD | {"content": {"invoice": INVOICE, "credit_notes": [{}] * 101}}, "content.credit_notes"),
    (GOOD | {"content": {"invoice": INVOICE, "gift": {"id": "g"}}}, "content.gift.status"),
    (GOOD | {"event_type": "gift_claimed"}, "content.gift"),
    (GOOD | {"event_type": "credit_note_created"}, "content.credit_note"),
    (GOOD | {"event_type": "subscription_cancelled"}, "content.subscription"),
]


@pytest.mark.parametrize(("event", "param"), MALFORMED)
async def test_what_is_malformed_is_refused_with_a_reason_and_nothing_of_it_is_recorded(
    chargebee: Client, services: Services, site: Site, event: Any, param: str | None
) -> None:
    body = event if isinstance(event, bytes) else body_of(event)
    code = "param_wrong_value" if param else "invalid_request"
    told = await refused(await chargebee.post(PATH, data=body), 400, code, param)
    assert await recorded(services, site) == []
    [count] = await services.intake.counts(site)
    assert (count.outcome, count.count, count.last_reason) == (IntakeOutcome.REFUSED, 1, told["message"])


async def test_half_of_a_surrogate_pair_is_refused(chargebee: Client, services: Services, site: Site) -> None:
    body = body_of(GOOD).replace(b'"ev_good"', rb'"\ud800"')
    await refused(await chargebee.post(PATH, data=body), 400, "param_wrong_value", "id")
    body = body_of(GOOD).replace(b'"Basic"', rb'"\ud800"')
    response = await chargebee.post(PATH, data=body)
    assert response.status == 400
    assert await recorded(services, site) == []


async def test_an_event_that_was_refused_is_taken_in_when_it_comes_mended(
    chargebee: Client, services: Services, site: Site
) -> None:
    broken = GOOD | {"content": {"invoice": INVOICE | {"status": "bought"}}}
    assert (await chargebee.post(PATH, data=body_of(broken))).status == 400
    assert (await post(chargebee, GOOD))["outcome"] == "recorded"


async def test_a_large_invoice_is_taken_in_and_what_is_larger_than_any_is_refused(
    chargebee: Client, services: Services, site: Site
) -> None:
    [line] = INVOICE["line_items"]
    lines = [line | {"id": f"li_{number}"} for number in range(1_000)]
    large = chargebee_event("invoice_generated", invoice=INVOICE | {"line_items": lines})
    assert len(body_of(large)) > REQUEST_BODY_BYTES_MAX
    assert (await post(chargebee, large))["outcome"] == "recorded"
    body = b'{"id":"' + b"x" * INTAKE_BODY_BYTES_MAX + b'"}'
    told = await refused(await chargebee.post(PATH, data=BytesIO(body)), 400, "invalid_request")
    assert str(INTAKE_BODY_BYTES_MAX) in told["message"]


async def test_only_post_is_there(chargebee: Client) -> None:
    await refused(await chargebee.get(PATH), 405, "http_method_not_supported")


# Who is let in


async def test_the_credentials_open_nothing_but_the_intake(chargebee: Client) -> None:
    for path in ("orders", "events", "ledger/changes", "ledger/requests", "configurations"):
        await refused(await chargebee.get(f"/api/v2/{path}"), 401, "api_authentication_failed")
    await refused(await chargebee.post("/api/v2/orders", data=b"{}"), 401, "api_authentication_failed")


@pytest.mark.parametrize("kind", [KeyKind.FULL, KeyKind.READ_ONLY])
async def test_an_api_key_does_not_open_the_intake(
    chargebee: Client, services: Services, site: Site, kind: KeyKind
) -> None:
    key = await services.sites.create_key(site, "backend", kind, system_clock_ms())
    for headers in (basic(key), credentials(key, "x"), credentials("x", key), credentials(NAME, key)):
        await refused(await chargebee.post(PATH, data=body_of(GOOD), headers=headers), 401, "api_authentication_failed")
    assert await recorded(services, site) == []


async def test_without_both_user_name_and_password_nobody_is_let_in(chargebee: Client, password: str) -> None:
    wrong = [
        {"Authorization": ""},
        basic(password),
        credentials("", password),
        credentials(NAME, ""),
        credentials(NAME.upper(), password),
        credentials(NAME, password[:-1]),
        credentials(NAME, f"{password}:"),
        credentials(f"{NAME}:", password),
        {"Authorization": f"Bearer {password}"},
    ]
    for headers in wrong:
        answer = await chargebee.post(PATH, data=body_of(GOOD), headers=headers)
        told = await refused(answer, 401, "api_authentication_failed")
        assert password not in told["message"]


async def test_revoked_credentials_let_nobody_in(chargebee: Client, services: Services, site: Site) -> None:
    await post(chargebee, GOOD)
    [revoked] = await services.sites.revoke_key(site, NAME, system_clock_ms())
    assert revoked.kind is KeyKind.INTAKE
    await asyncio.sleep(KEY_MEMORY_S)
    await refused(await chargebee.post(PATH, data=body_of(GOOD)), 401, "api_authentication_failed")


async def test_the_password_is_not_in_the_database(pool: asyncpg.Pool, site: Site, password: str) -> None:
    [row] = await pool.fetch("SELECT * FROM ledger.api_key WHERE site = $1", site)
    assert password not in str(dict(row))
    assert (row["kind"], row["hint"]) == ("intake", password[-4:])


# What is kept of it


async def test_a_delivery_is_kept_as_a_request_without_what_it_holds(
    chargebee: Client, services: Services, site: Site, pool: asyncpg.Pool
) -> None:
    invoice = INVOICE | {"id": "inv_1"}
    event = chargebee_event("payment_refunded", invoice=invoice, credit_note=CREDIT_NOTE)
    await post(chargebee, event)
    await services.recorder.flush()
    [row] = await pool.fetch("SELECT * FROM ledger.request WHERE site = $1", site)
    assert (row["actor"], row["actor_kind"], row["key_kind"]) == (NAME, "intake", "intake")
    assert (row["operation"], row["path"], row["status"]) == ("take_in_chargebee", PATH, 200)
    assert (row["order_id"], row["invoice_id"]) == (None, "inv_1")
    assert len(row["event_ids"]) == 2
    kept = str(dict(row))
    for private in ("Ann", "ann@example.com", "1 Main St", "cus_1"):
        assert private not in kept
    assert {"event_type": "payment_refunded", "id": event["id"]}.items() <= parameters(row).items()


def parameters(row: asyncpg.Record) -> dict[str, str]:
    return {each["name"]: each["value"] for each in msgspec.json.decode(row["parameters"])}


async def test_events_are_forgotten_after_ninety_days_and_the_counts_stay(
    chargebee: Client, services: Services, site: Site
) -> None:
    old, new = (chargebee_event("invoice_generated", invoice=INVOICE) for _ in range(2))
    now_ms = services.clock_ms()
    await post(chargebee, old)
    later = replace(services, clock_ms=lambda: now_ms + INTAKE_EVENTS_KEPT_DAYS * DAY_MS)
    await forget_old_intake_events(later)
    assert await services.intake.was_taken_in(site, old["id"])
    even_later = replace(services, clock_ms=lambda: later.clock_ms() + DAY_MS)
    await services.intake.take_in(
        site,
        new["id"],
        event_type="invoice_generated",
        outcome=IntakeOutcome.UNCHANGED,
        request_id="req_1",
        now_ms=even_later.clock_ms(),
    )
    await forget_old_intake_events(even_later)
    assert [await services.intake.was_taken_in(site, each["id"]) for each in (old, new)] == [False, True]
    assert (await counts(services, site))["invoice_generated", "recorded"] == 1


def test_every_event_that_the_contract_names_is_taken_in() -> None:
    assert set(TAKEN_IN) == set(CONTRACT["event_types"]["consumed"])


async def test_counts_are_told_by_type_and_outcome(chargebee: Client, services: Services, site: Site) -> None:
    before = system_clock_ms()
    await post(chargebee, GOOD)
    await chargebee.post(PATH, data=b"{")
    await chargebee.post(PATH, data=b"[")
    found = await services.intake.counts(site)
    assert [(each.event_type, each.outcome, each.count) for each in found] == [
        ("", "refused", 2),
        ("invoice_updated", "recorded", 1),
    ]
    assert all(isinstance(each, DeliveryCount) and each.last_at >= before for each in found)
