"""``order-ledger events``: events as Chargebee's clients see them."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from ledger.ids import Site
from ops.cli.pipes import NOBODY_READS
from ops.database import Address
from projections.history.moments import instant_text
from tests.ops.command_line import run, run_unread, url_of
from tests.projections.changes.life import live, whole_log
from tests.projections.chargebee_events.oracle import event_facts


@pytest.fixture
def database_url(address: Address) -> str:
    return url_of(address)


async def told(database_url: str, site: str, *arguments: str) -> list[dict[str, Any]]:
    """What the list prints as JSON lines."""
    done = await asyncio.to_thread(
        run, "events", "list", "--site", site, "--json", *arguments, database_url=database_url
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


async def test_the_latest_events_come_first_and_filters_choose(
    pool: asyncpg.Pool, site: Site, database_url: str
) -> None:
    await live(pool, site, seed=21, commands=150)
    facts = event_facts(await whole_log(pool, site), {})
    facts.sort(key=lambda each: (each["occurred_at"], each["position"]), reverse=True)
    assert len(facts) > 100, "one page holds them all"
    at = facts[len(facts) // 2]["occurred_at"]
    moment = instant_text(at * 1000)
    everything = [each["id"] for each in facts]
    cases: list[tuple[tuple[str, ...], list[str]]] = [
        ((), everything[:50]),
        (("--limit", "1000"), everything),
        (("--limit", "7"), everything[:7]),
        (
            ("--type", "order_cancelled", "--type", "order_created", "--limit", "1000"),
            [each["id"] for each in facts if each["event_type"] in {"order_cancelled", "order_created"}],
        ),
        (
            ("--source", "admin_console", "--limit", "1000"),
            [each["id"] for each in facts if each["source"] == "admin_console"],
        ),
        (("--since", moment, "--limit", "1000"), [each["id"] for each in facts if each["occurred_at"] >= at]),
        (("--until", moment, "--limit", "1000"), [each["id"] for each in facts if each["occurred_at"] <= at]),
        (("--status", "failed", "--since", moment), []),
    ]
    for arguments, expected in cases:
        assert [event["id"] for event in await told(database_url, site, *arguments)] == expected, arguments


async def test_an_event_is_shown_with_its_order(pool: asyncpg.Pool, site: Site, database_url: str) -> None:
    await live(pool, site, seed=22, commands=0)
    [event] = await told(database_url, site, "--limit", "1")
    listed = await asyncio.to_thread(run, "events", "list", "--site", site, "--limit", "1", database_url=database_url)
    for word in (event["id"], "order_created", event["content"]["order"]["id"], "not_configured", event["source"]):
        assert word in listed.stdout
    as_json = await asyncio.to_thread(
        run, "events", "show", event["id"], "--site", site, "--json", database_url=database_url
    )
    assert json.loads(as_json.stdout) == event
    shown = await asyncio.to_thread(run, "events", "show", event["id"], "--site", site, database_url=database_url)
    assert event["id"] in shown.stdout
    assert '"order": {' in shown.stdout


async def test_an_event_that_is_not_there_is_refused(site: Site, database_url: str) -> None:
    done = await asyncio.to_thread(run, "events", "show", "nobody", "--site", site, database_url=database_url)
    assert done.returncode != 0
    assert "couldn't find" in done.stderr


async def test_text_of_callers_cannot_steer_a_terminal(pool: asyncpg.Pool, site: Site, database_url: str) -> None:
    await live(pool, site, seed=23, commands=0)
    [event] = await told(database_url, site, "--limit", "1")
    for name in (f"{event['id']}\x1b[2J", "\x9b2J"):
        done = await asyncio.to_thread(run, "events", "show", name, "--site", site, database_url=database_url)
        assert "\x1b[2J" not in done.stdout + done.stderr
        assert "\x9b" not in done.stdout + done.stderr


async def test_a_reader_that_goes_away_is_no_error(pool: asyncpg.Pool, site: Site, database_url: str) -> None:
    await live(pool, site, seed=24, commands=60)
    done = await asyncio.to_thread(run_unread, "events", "list", "--site", site, "--json", database_url=database_url)
    assert (done.returncode, done.stderr) == (NOBODY_READS, b"")
