"""The command line of the intake and of reconciling: what an operator sees and does."""

import asyncio
import json
import subprocess
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from ledger.ids import Position, Site, system_clock_ms
from ledger.intake import IntakeLog, IntakeOutcome
from ledger.processes.parked_invoices import ParkedInvoices
from ledger.sites import KeyKind, Sites, digest_of
from ledger.store import Store
from ops.database import Address
from tests.api.chargebee_events import chargebee_event
from tests.ledger.processes.billing_story import GENERATING, paid, take_in
from tests.ledger.processes.given import Hands, envelopes, orders_of, service
from tests.ledger.processes.given import run as run_command
from tests.ops.command_line import run, url_of

Command = Callable[..., Awaitable["subprocess.CompletedProcess[str]"]]


@pytest.fixture
def command(address: Address) -> Command:
    """Runs a command on the database of the tests."""

    async def in_thread(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return await asyncio.to_thread(run, *arguments, database_url=url_of(address))

    return in_thread


async def test_the_password_is_printed_once_and_alone(command: Command, pool: asyncpg.Pool, site: Site) -> None:
    done = await command("intake", "create", "--site", site, "--name", "billing")
    assert (done.returncode, done.stderr) == (0, "")
    password = done.stdout.strip()
    owner = await Sites(pool).find_key(digest_of(f"billing:{password}"))
    assert owner is not None
    assert (owner.name, owner.kind, owner.site) == ("billing", KeyKind.INTAKE, site)
    shown = (await command("intake", "list", "--site", site)).stdout
    assert password not in shown
    assert password[-4:] in shown
    assert "nothing has come in" in shown
    again = await command("intake", "create", "--site", site, "--name", "billing")
    assert again.returncode != 0
    assert "has a key named billing" in again.stderr


@pytest.mark.parametrize("name", ["", "a:b", "a b", "ä", "-a", "x" * 51, "a\n"])
async def test_a_name_that_no_user_name_can_be_is_refused(command: Command, site: Site, name: str) -> None:
    done = await command("intake", "create", "--site", site, "--name", name)
    assert done.returncode == 2


async def test_what_is_revoked_is_said_and_keys_are_left_alone(
    command: Command, pool: asyncpg.Pool, site: Site
) -> None:
    await Sites(pool).create_key(site, "backend", KeyKind.FULL, system_clock_ms())
    await Sites(pool).create_intake(site, "chargebee", system_clock_ms())
    refused = await command("intake", "revoke", "--site", site, "--name", "backend")
    assert refused.returncode == 1
    assert "no intake backend" in refused.stderr
    done = await command("intake", "revoke", "--site", site, "--name", "chargebee")
    assert (done.returncode, done.stdout.startswith("revoked chargebee")) == (0, True)
    in_use = {key.name for key in await Sites(pool).list_keys(site) if key.revoked_at is None}
    assert in_use == {"backend"}


async def test_what_came_in_is_listed_by_type_and_outcome(command: Command, pool: asyncpg.Pool, site: Site) -> None:
    log = IntakeLog(pool)
    for number in range(3):
        await log.take_in(
            site,
            f"ev_{number}",
            event_type="invoice_updated",
            outcome=IntakeOutcome.RECORDED,
            request_id="req_1",
            now_ms=1_770_000_000_000,
        )
    await log.count(site, "", IntakeOutcome.REFUSED, 1_770_000_000_000, reason="id : is missing")
    shown = (await command("intake", "list", "--site", site)).stdout
    assert "invoice_updated" in shown
    assert "id : is missing" in shown
    found = json.loads((await command("intake", "list", "--site", site, "--json")).stdout)
    assert [(each["event_type"], each["outcome"], each["count"]) for each in found["deliveries"]] == [
        ("", "refused", 1),
        ("invoice_updated", "recorded", 3),
    ]
    assert found["deliveries"][1]["last_at"] == 1_770_000_000_000


# Reconciling


async def given_paid_invoices(pool: asyncpg.Pool, site: Site, *names: str) -> None:
    async with service(pool, Hands()) as services:
        await run_command(services, site, GENERATING)
        for name in names:
            await take_in(services, site, chargebee_event("invoice_generated", invoice=paid(1, name)))


async def test_a_dry_run_says_what_would_be_and_records_nothing(
    command: Command, pool: asyncpg.Pool, site: Site
) -> None:
    await given_paid_invoices(pool, site, "inv_1")
    head = await Store(pool).head_position(site)
    done = await command("invoices", "reconcile", "--site", site, "inv_1", "--dry-run")
    assert done.returncode == 0
    assert done.stdout.count("inv_1: order.generated") == 3
    assert done.stdout.endswith("1 looked at, 1 differ\n")
    assert await Store(pool).head_position(site) == head


async def test_orders_are_brought_up_to_date_by_hand_and_the_operator_is_named(
    command: Command, pool: asyncpg.Pool, site: Site
) -> None:
    await given_paid_invoices(pool, site, "inv_1", "inv_2", "inv_3")
    done = await command("invoices", "reconcile", "--site", site, "inv_1", "inv_2", "--json")
    assert done.returncode == 0
    [first, second] = json.loads(done.stdout)["invoices"]
    assert [first["invoice_id"], second["invoice_id"]] == ["inv_1", "inv_2"]
    assert len(first["events"]) == 4
    assert {order["invoice_id"] for order in await orders_of(pool, site)} == {"inv_1", "inv_2"}
    event = (await envelopes(pool, site, "order.generated"))[0]
    assert (event.metadata.actor_kind, event.metadata.source) == ("operator", "system")
    again = await command("invoices", "reconcile", "--site", site, "--all")
    assert again.stdout.endswith("3 looked at, 1 changed\n")
    assert {order["invoice_id"] for order in await orders_of(pool, site)} == {"inv_1", "inv_2", "inv_3"}


async def test_parked_invoices_are_tried_and_what_is_left_is_listed(
    command: Command, pool: asyncpg.Pool, site: Site
) -> None:
    await given_paid_invoices(pool, site, "inv_1")
    waiting = ParkedInvoices(pool, system_clock_ms)
    await waiting.park(site, "inv_1", Position(2), "It could not be done.")
    await waiting.park(site, "nobody", Position(2), "Nobody knows it.")
    done = await command("invoices", "reconcile", "--site", site)
    assert done.returncode == 1
    assert "nobody: There is no such invoice." in done.stdout
    assert "2 looked at, 1 changed" in done.stdout
    assert "Nobody knows it." in done.stdout
    assert "It could not be done." not in done.stdout
    assert len(await orders_of(pool, site)) == 3


async def test_an_unknown_site_is_told(command: Command) -> None:
    done = await command("invoices", "reconcile", "--site", "nobody", "inv_1")
    assert done.returncode != 0
    assert "There is no site nobody." in done.stderr
