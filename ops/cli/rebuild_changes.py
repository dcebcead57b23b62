"""``order-ledger rebuild --view changes``: build the index of the log again from the log, or check it."""

import asyncio
from typing import Any

from ledger.ids import Site
from ops.cli.options import progress as tell
from ops.cli.printing import print_json
from ops.cli.rebuild_progress import RebuildProgress
from ops.cli.site_choice import chosen_site
from ops.database import Address, as_owner, prepare, reachable, service_pool
from ops.target import Target
from projections.changes.index import CONSUMER
from projections.changes.rebuild import ChangesRebuild, ChangesReport
from projections.rebuild.runs import Outcome

_POSITIONS_SHOWN_MAX = 20


def rebuild_changes(target: Target, named: str | None, *, check: bool, as_json: bool) -> ChangesReport:
    """Rebuild or check the index and print what came of it."""
    with reachable(target, report=tell) as address:
        report = asyncio.run(_rebuild(address, named, check=check))
    if as_json:
        print_json(_document(report))
    else:
        _print(report, check=check)
    return report


async def _rebuild(address: Address, named: str | None, *, check: bool) -> ChangesReport:
    await prepare(address)
    async with service_pool(address) as pool:
        site = await chosen_site(pool, named)
        async with RebuildProgress(pool, site, CONSUMER, check=check) as progress:
            if check:
                async with pool.acquire() as connection:
                    report = await _run(connection, site, progress, check=True)
            else:
                # The service may add to the index, and not change or remove what is in it.
                async with as_owner(address) as owner:
                    report = await _run(owner, site, progress, check=False)
            progress.end(Outcome.of(is_true=report.is_true, has_parked=False, check_only=check))
            return report


async def _run(connection: Any, site: Site, progress: RebuildProgress, *, check: bool) -> ChangesReport:
    def on_progress(so_far: ChangesReport) -> None:
        progress.tell(events=so_far.events, total=so_far.position, differing=len(so_far.differing))

    return await ChangesRebuild(connection, site, check_only=check, on_progress=on_progress).run()


def _print(report: ChangesReport, *, check: bool) -> None:
    for position in report.differing[:_POSITIONS_SHOWN_MAX]:
        print(f"event {position:,}: its row differs")
    if len(report.differing) > _POSITIONS_SHOWN_MAX:
        print(f"... and {len(report.differing) - _POSITIONS_SHOWN_MAX:,} more events whose rows differ")
    rate = report.events / report.seconds if report.seconds else 0
    print(f"the rows of {report.events:,} events, in {report.seconds:.1f} s ({rate:,.0f} events/s)")
    if report.is_true:
        print("the index of the log is what the log says")
    else:
        ending = "not changed" if check else "put right"
        print(f"events whose rows were not what the log says: {len(report.differing):,}; {ending}")


def _document(report: ChangesReport) -> dict[str, object]:
    names = ("site", "position", "events", "is_true", "differing")
    return {name: getattr(report, name) for name in names} | {"seconds": round(report.seconds, 3)}
