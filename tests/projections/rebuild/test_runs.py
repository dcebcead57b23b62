"""A rebuild tells others how far it is, how it ended, and, where nobody could say so, that it was killed."""

import asyncio
from typing import Any

import asyncpg
import pytest

from ledger.ids import Site, system_clock_ms
from ledger.limits import REBUILD_RUNS_KEPT, REBUILD_SILENT_S
from projections.rebuild import runs as machinery
from projections.rebuild.runs import Outcome, Phase, Run, RunRecord, runs
from tests.conftest import new_site
from tests.serving import PATIENCE_S


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beats come at once."""
    monkeypatch.setattr(machinery, "REBUILD_BEAT_S", 0.005)


def a_run(**facts: int) -> Run:
    told: dict[str, Any] = {"started_at": 0, "seen_at": 2_000, "events_read": 500, "events_total": 2_000} | facts
    return Run(run="1", view="orders", check_only=False, differing=0, **told)


@pytest.mark.usefixtures("soon")
async def test_a_run_says_how_far_it_is_while_it_runs_and_what_came_of_it(pool: asyncpg.Pool, site: Site) -> None:
    async with RunRecord(pool, site, "orders", check_only=True) as record:
        [begun] = await runs(pool, site)
        assert (begun.view, begun.check_only, begun.events_read) == ("orders", True, 0)
        assert begun.phase(system_clock_ms()) is Phase.RUNNING
        record.note(events=30, total=100, differing=2)
        async with asyncio.timeout(PATIENCE_S):
            # Nobody tells when a beat has come.
            while (await runs(pool, site))[0].events_read != 30:  # noqa: ASYNC110
                await asyncio.sleep(0)
        record.note(events=100, total=100, differing=3)
        record.end(Outcome.DIFFERS)
    [ended] = await runs(pool, site)
    assert (ended.outcome, ended.events_read, ended.differing) == ("differs", 100, 3)
    assert ended.phase(system_clock_ms() + 10**9) is Phase.ENDED
    assert await runs(pool, await new_site(pool)) == []


@pytest.mark.parametrize(("end", "outcome"), [(asyncio.CancelledError, "stopped"), (ValueError, "failed")])
async def test_a_run_without_a_result_says_why(
    pool: asyncpg.Pool, site: Site, end: type[BaseException], outcome: str
) -> None:
    async def work() -> None:
        async with RunRecord(pool, site, "changes", check_only=False) as record:
            record.note(events=7, total=9, differing=0)
            raise end

    with pytest.raises(end):
        await work()
    [run] = await runs(pool, site)
    assert (run.outcome, run.events_read) == (outcome, 7)


def test_a_run_that_has_fallen_silent_was_killed() -> None:
    silent_ms = 2_000 + int(REBUILD_SILENT_S * 1000)
    assert a_run().phase(silent_ms) is Phase.RUNNING
    assert a_run().phase(silent_ms + 1) is Phase.LOST


def test_pace_and_time_left_are_those_of_what_was_read() -> None:
    assert (a_run().events_per_s, a_run().left_s) == (250, 6)
    assert a_run(events_read=2_000).left_s == 0
    assert a_run(events_read=0).events_per_s is None
    assert a_run(seen_at=0).left_s is None
    assert a_run(events_total=0).left_s is None


async def test_the_newest_runs_are_kept_and_no_more(pool: asyncpg.Pool, site: Site) -> None:
    now = [1_000]
    for _ in range(REBUILD_RUNS_KEPT + 3):
        async with RunRecord(pool, site, "orders", check_only=True, clock_ms=lambda: now[0]) as record:
            record.end(Outcome.TRUE)
        now[0] += 1
    kept = await runs(pool, site)
    assert [run.started_at for run in kept] == list(range(now[0] - 1, now[0] - 1 - REBUILD_RUNS_KEPT, -1))


async def test_the_service_cannot_say_that_a_run_was_another_one(pool: asyncpg.Pool, site: Site) -> None:
    for change in ("view = 'changes'", "started_at = 0", "check_only = true", "site = 'x'"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(f"UPDATE ledger.rebuild_run SET {change} WHERE site = $1", site)


@pytest.mark.parametrize(
    ("is_true", "has_parked", "check_only", "outcome"),
    [
        (True, False, True, Outcome.TRUE),
        (False, False, True, Outcome.DIFFERS),
        (False, False, False, Outcome.PUT_RIGHT),
        (False, True, False, Outcome.PARKED),
    ],
)
def test_the_outcome_is_that_of_the_report(is_true: bool, has_parked: bool, check_only: bool, outcome: Outcome) -> None:
    assert Outcome.of(is_true=is_true, has_parked=has_parked, check_only=check_only) is outcome
