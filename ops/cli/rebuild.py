"""``order-ledger rebuild``: build the view of orders again from the log, or check it."""

from enum import StrEnum
from typing import Annotated, Any

import asyncpg
import msgspec
import typer

from ledger.errors import ParamWrongValue, ResourceNotFound
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, out, run_with_pool
from ops.cli.order_text import change_rows
from ops.cli.printing import print_json
from ops.cli.rebuild_changes import rebuild_changes
from ops.cli.rebuild_progress import RebuildProgress
from ops.cli.rebuild_versions import rebuild_versions
from ops.cli.site_choice import MaybeSite, chosen_site
from ops.target import Target
from projections.rebuild import rebuild as machinery
from projections.rebuild.comparison import RowDifference
from projections.rebuild.rebuild import Listener, Rebuild, Report
from projections.rebuild.runs import Outcome
from projections.visible_text import visible

UNTRUE = 2

_DIFFERENCES_SHOWN_MAX = 20


class View(StrEnum):
    """What can be rebuilt."""

    ORDERS = "orders"
    ORDER_VERSIONS = "order_versions"
    CHANGES = "changes"


def rebuild(
    order: Annotated[str | None, typer.Option("--order", help="Only this order.", show_default=False)] = None,
    check: Annotated[bool, typer.Option("--check", help="Compare and print, change nothing.")] = False,
    view: Annotated[
        View, typer.Option("--view", help="Which one: the orders, the index of past ones, or that of the log.")
    ] = View.ORDERS,
    site: MaybeSite = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Fold every order from its events and compare the result with what the API shows.

    Orders whose row is missing, other than its events say, or of no order at all are printed with what differs, and
    are put right at the end, all together, while the service goes on. Until then nothing changes: a rebuild can be
    stopped at any moment. Every event that is read is hashed again; orders that cannot be read are parked (see
    `order-ledger parked`) and keep the row that they have.

    With --view order_versions the same is done with the index that lists of the past are read from. Orders of which
    it differs are put right some at a time. With --view changes it is done with the index that the log is filtered by,
    a page of events at a time; to put that right takes the rights of the database's owner.

    Exit status 0: the view is what the log says, also if it was put right just now. 2: with --check, it is not; or
    orders are parked. 1: the rebuild could not run.
    """
    if view is View.ORDER_VERSIONS:
        past = rebuild_versions(Target(data_dir, database_url), site, order, check=check, as_json=as_json)
        if past.broken or (check and not past.is_true):
            raise typer.Exit(UNTRUE)
        return
    if view is View.CHANGES:
        if order is not None:
            raise ParamWrongValue(
                "The index of the log is rebuilt as a whole: --order does not go with --view changes."
            )
        log = rebuild_changes(Target(data_dir, database_url), site, check=check, as_json=as_json)
        if check and not log.is_true:
            raise typer.Exit(UNTRUE)
        return
    report, differences = run_with_pool(
        Target(data_dir, database_url), lambda pool: _run(pool, site, order, check=check, show=not as_json)
    )
    if as_json:
        print_json(_document(report, differences))
    else:
        _print(report, check=check)
    if report.broken or (check and not report.is_true):
        raise typer.Exit(UNTRUE)


async def _run(
    pool: asyncpg.Pool, named: str | None, order: str | None, *, check: bool, show: bool
) -> tuple[Report, list[RowDifference]]:
    site = await chosen_site(pool, named)
    shown: list[RowDifference] = []
    async with RebuildProgress(pool, site, View.ORDERS, check=check, is_recorded=order is None) as progress:

        def on_progress(so_far: machinery.Progress) -> None:
            found = sum(so_far.findings.values())
            progress.tell(events=so_far.events, total=so_far.events_total, differing=found)

        def on_difference(found: RowDifference) -> None:
            if len(shown) < _DIFFERENCES_SHOWN_MAX:
                shown.append(found)
                if show:
                    print_difference(found)

        listener = Listener(on_progress=on_progress, on_difference=on_difference)
        work = Rebuild(pool, site, check_only=check, listener=listener)
        report = await (work.run() if order is None else work.run_for(order))
        progress.end(Outcome.of(is_true=report.is_true, has_parked=bool(report.broken), check_only=check))
    if order is not None and not report.orders and not shown:
        raise ResourceNotFound(f"The site {site} has no order {order}.")
    return report, shown


def print_difference(found: RowDifference) -> None:
    """What a rebuild changes in one row."""
    out.print(f"{visible(found.order_id)}: {found.finding}", markup=False)
    for path, before, after in change_rows(found.changes):
        out.print(f"    {path}: {before} → {after}", markup=False)


def _print(report: Report, *, check: bool) -> None:
    findings = sum(report.findings.values())
    if findings > _DIFFERENCES_SHOWN_MAX:
        print(f"... and {findings - _DIFFERENCES_SHOWN_MAX:,} more orders that differ")
    for broken in report.broken:
        print(f"parked {broken.stream}: {broken.reason}")
    rate = report.events / report.seconds if report.seconds else 0
    print(
        f"{report.orders:,} orders from {report.events:,} events, up to position {report.position:,}, "
        f"in {report.seconds:.1f} s ({rate:,.0f} events/s)"
    )
    print(f"digest of the view {report.view_digest}")
    print(f"digest of the log  {report.log_digest}")
    print(_verdict(report, check=check))


def _verdict(report: Report, *, check: bool) -> str:
    if report.is_true:
        return "the view is what the log says"
    kinds = ", ".join(f"{count:,} {finding}" for finding, count in report.findings.items() if count)
    parts = []
    if kinds:
        parts.append(f"orders that were not what the log says: {kinds}; " + ("not changed" if check else "put right"))
    if report.broken:
        parts.append(f"orders that cannot be read: {len(report.broken):,}; their rows were left as they are")
    return "; ".join(parts)


def _document(report: Report, differences: list[RowDifference]) -> dict[str, Any]:
    plain: dict[str, Any] = {
        name: getattr(report, name) for name in ("site", "position", "orders", "events", "view_digest", "log_digest")
    }
    return plain | {
        "seconds": round(report.seconds, 3),
        "is_true": report.is_true,
        "findings": {str(finding): count for finding, count in report.findings.items()},
        "caught_up": report.caught_up,
        "put": report.put,
        "parked": [
            {"stream": each.stream, "position": each.position, "version": each.version, "reason": each.reason}
            for each in report.broken
        ],
        "differences": [
            {"order_id": each.order_id, "finding": each.finding, "changes": msgspec.to_builtins(each.changes)}
            for each in differences
        ],
    }
