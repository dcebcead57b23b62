"""``order-ledger rebuild --view order_versions``: build the index of past orders again from the log, or check it."""

import asyncpg

from ledger.errors import ResourceNotFound
from ops.cli.options import run_at_address
from ops.cli.printing import print_json
from ops.cli.rebuild_progress import RebuildProgress
from ops.cli.site_choice import chosen_site
from ops.database import Address
from ops.target import Target
from ops.version_rebuilds.whole import rebuild_all_versions
from projections.past.consumer import CONSUMER
from projections.past.rebuild import VersionsRebuild
from projections.past.versions_report import VersionsReport
from projections.rebuild.runs import Outcome
from projections.visible_text import visible

_ORDERS_SHOWN_MAX = 20


def rebuild_versions(
    target: Target, named: str | None, order: str | None, *, check: bool, as_json: bool
) -> VersionsReport:
    """Rebuild or check the index and print what came of it."""

    async def work(pool: asyncpg.Pool, address: Address) -> VersionsReport:
        site = await chosen_site(pool, named)
        async with RebuildProgress(pool, site, CONSUMER, check=check, is_recorded=order is None) as progress:

            def on_progress(events: int, total: int, differing: int) -> None:
                progress.tell(events=events, total=total, differing=differing)

            if order is None:
                report = await rebuild_all_versions(
                    pool, site, check_only=check, address=address, on_progress=on_progress
                )
            else:
                report = await VersionsRebuild(pool, site, check_only=check).run_for(order)
            progress.end(Outcome.of(is_true=report.is_true, has_parked=bool(report.broken), check_only=check))
        if order is not None and not report.orders and not report.differing:
            raise ResourceNotFound(f"The site {site} has no order {order}.")
        return report

    report = run_at_address(target, work)
    if as_json:
        print_json(_document(report))
    else:
        _print(report, check=check)
    return report


def _print(report: VersionsReport, *, check: bool) -> None:
    for order_id in report.differing[:_ORDERS_SHOWN_MAX]:
        print(f"{visible(order_id)}: its versions differ")
    if len(report.differing) > _ORDERS_SHOWN_MAX:
        print(f"... and {len(report.differing) - _ORDERS_SHOWN_MAX:,} more orders whose versions differ")
    for broken in report.broken.values():
        print(f"parked {visible(broken.stream)}: {visible(broken.reason)}")
    rate = report.events / report.seconds if report.seconds else 0
    print(
        f"{report.versions:,} past versions of {report.orders:,} orders from {report.events:,} events, "
        f"in {report.seconds:.1f} s ({rate:,.0f} events/s)"
    )
    if report.without_document:
        print(
            f"past versions whose document was not kept: {report.without_document:,}"
            + ("; they are folded when they are shown" if check else "; it is now")
        )
    if report.clock_differs:
        print("the times of the log were not what the log says" + ("" if check else ", and are written anew"))
    if report.is_true:
        print("the index of past orders is what the log says")
    elif report.differing:
        print(
            f"orders that were not what the log says: {len(report.differing):,}; "
            + ("not changed" if check else "put right")
        )


def _document(report: VersionsReport) -> dict[str, object]:
    names = ("site", "position", "orders", "versions", "events", "without_document", "clock_differs", "is_true")
    return {name: getattr(report, name) for name in names} | {
        "seconds": round(report.seconds, 3),
        "differing": report.differing,
        "parked": [
            {"stream": each.stream, "position": each.position, "version": each.version, "reason": each.reason}
            for each in report.broken.values()
        ],
    }
