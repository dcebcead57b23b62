"""``order-ledger log``: what happened on a site, and what happens."""

import asyncio
import json
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from ledger.ids import Site
from ops.database import Address
from projections.history.moments import instant_text
from tests.ops.command_line import PROGRAM, run, run_command, run_unread, url_of
from tests.projections.changes.life import facts_of, live, whole_log
from tests.serving import PATIENCE_S


@pytest.fixture
def database_url(address: Address) -> str:
    return url_of(address)


async def told(database_url: str, site: str, *arguments: str) -> list[dict[str, Any]]:
    """What the command prints as JSON lines."""
    done = await asyncio.to_thread(run, "log", "--site", site, "--json", *arguments, database_url=database_url)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


async def test_the_latest_changes_come_last_and_filters_choose(
    pool: asyncpg.Pool, site: Site, database_url: str
) -> None:
    await live(pool, site, seed=11, commands=60)
    facts = facts_of(await whole_log(pool, site))
    everything = [each["position"] for each in facts]
    middle = facts[len(facts) // 2]
    at = middle["recorded_at"]
    moment = instant_text(at * 1000)
    cases: list[tuple[tuple[str, ...], list[int]]] = [
        (("--limit", "1000"), everything),
        (("--limit", "7"), everything[-7:]),
        (("--limit", "0"), []),
        (("--order", "o1", "--order", "o2"), [e["position"] for e in facts if e["order_id"] in {"o1", "o2"}]),
        (
            ("--actor", "robot", "--type", "order.updated"),
            [e["position"] for e in facts if e["actor"] == "robot" and e["type"] == "order.updated"],
        ),
        (("--since", moment, "--limit", "1000"), [e["position"] for e in facts if e["recorded_at"] >= at]),
        (("--until", moment, "--limit", "1000"), [e["position"] for e in facts if e["recorded_at"] <= at]),
        (("--after", "3", "--before", "9"), [4, 5, 6, 7, 8]),
    ]
    for arguments, expected in cases:
        found = await told(database_url, site, *arguments)
        assert [change["position"] for change in found] == expected[-50 if "--limit" not in arguments else 0 :], (
            arguments
        )


async def test_a_line_tells_position_time_actor_what_and_which_order(
    pool: asyncpg.Pool, site: Site, database_url: str
) -> None:
    await live(pool, site, seed=12, commands=0)
    done = await asyncio.to_thread(run, "log", "--site", site, "--limit", "1", database_url=database_url)
    [change] = await told(database_url, site, "--limit", "1")
    [line] = done.stdout.splitlines()
    assert line.strip().split("  ") == [
        str(change["position"]),
        instant_text(change["recorded_at_ms"]),
        change["actor"],
        change["sentence"],
        f"order {change['order_id']}",
    ]


async def test_what_cannot_be_asked_is_refused_in_one_line(site: Site, database_url: str) -> None:
    for arguments, status in (
        (("--since", "yesterday"), 1),
        (("--type", "order.exploded"), 2),
        (("--follow", "--before", "5"), 2),
    ):
        done = await asyncio.to_thread(run, "log", "--site", site, *arguments, database_url=database_url)
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr
    done = await asyncio.to_thread(run_command, "log", "--site", "nobody", database_url=database_url)
    assert done.stderr.strip() == "order-ledger: There is no site nobody."


class Follower:
    """``order-ledger log --follow`` as a process."""

    def __init__(self, database_url: str, site: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [PROGRAM, "log", "--site", site, "--follow", "--json", "--database-url", database_url, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    async def positions(self, count: int) -> list[int]:
        """The next ones."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            lines = [await asyncio.to_thread(self.process.stdout.readline) for _ in range(count)]
        return [json.loads(line)["position"] for line in lines]


@pytest.fixture
def followers() -> Iterator[list[Follower]]:
    found: list[Follower] = []
    yield found
    for each in found:
        each.process.kill()
        each.process.communicate()


async def test_following_goes_on_over_an_outage_and_ends_on_ctrl_c_without_a_word(
    pool: asyncpg.Pool, site: Site, database_url: str, owner: asyncpg.Connection, followers: list[Follower]
) -> None:
    await live(pool, site, seed=13, commands=0)
    count = len(await whole_log(pool, site))
    follower = Follower(database_url, site, "--limit", "2")
    followers.append(follower)
    assert await follower.positions(2) == [count - 1, count]
    await live(pool, site, seed=14, commands=5)
    new = len(await whole_log(pool, site)) - count
    assert await follower.positions(new) == list(range(count + 1, count + new + 1))
    await owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'order-ledger' AND pid <> pg_backend_pid()"
    )
    # Ours were ended too.
    await pool.expire_connections()
    before = count + new
    await live(pool, site, seed=15, commands=20)
    after = len(await whole_log(pool, site))
    assert after > before
    assert await follower.positions(after - before) == list(range(before + 1, after + 1))

    follower.process.send_signal(signal.SIGINT)
    output, errors = await asyncio.to_thread(follower.process.communicate, timeout=PATIENCE_S)
    assert (follower.process.returncode, output, errors) == (0, "", "")


async def test_nobody_reads_any_more(pool: asyncpg.Pool, site: Site, database_url: str) -> None:
    await live(pool, site, seed=16, commands=40)
    for arguments in (("--json",), ()):
        asked = ("log", "--site", site, "--limit", "1000", *arguments)
        done = await asyncio.to_thread(run_unread, *asked, database_url=database_url)
        assert done.stderr == b""
        assert done.returncode != 0
