"""``order-ledger verify``: verify everything from the stored bytes, and say what was verified."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import msgspec
import typer
from rich.progress import Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ledger.errors import ParamRequired, ResourceNotFound
from ledger.ids import Site
from ledger.merkle.faults import as_document
from ledger.sites import Sites
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, KeysDir, out, run_at_address
from ops.cli.printing import moment, print_json
from ops.cli.progress import progress_bars
from ops.cli.verified_views import span, view_document, view_lines
from ops.target import Target
from ops.verification import Verified, verify_site
from projections.visible_text import visible

FAULT = 2


def verify(
    sites: Annotated[
        list[str] | None, typer.Option("--site", "-s", help="Only this site; repeatable.", show_default=False)
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="From the first event on, and all views, whatever was verified before.")
    ] = False,
    anchor_files: Annotated[
        list[Path] | None,
        typer.Option("--anchors", help="More anchors, kept elsewhere: a JSON lines file of one site.", exists=True),
    ] = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    keys_dir: KeysDir = None,
    as_json: AsJson = False,
) -> None:
    """Verify the logs: bodies, columns, leaves, links, tree, checkpoints, anchors, tiles and views.

    Everything is computed again from the stored bytes; views are the orders as they are and as they were, and the index
    of the log, each as far as it has come. It begins behind the last anchored checkpoint up to which the
    site was verified before; with --full, and the first time, at the first event.

    Exit status 0: all is sound. 2: something is wrong, and the first fault of each site is named. 1: it could not run.
    """
    if anchor_files and len(sites or ()) != 1:
        raise ParamRequired("Anchors from elsewhere are of one site: name it with --site")
    target = Target(data_dir, database_url, keys_dir)
    options = {"full": full, "anchor_files": tuple(anchor_files or ())}
    verified = run_at_address(
        target, lambda pool, address: _verify(pool, target, sites, options | {"address": address})
    )
    if as_json:
        print_json([verified_document(each) for each in verified])
    else:
        for each in verified:
            for text, style in verified_lines(each):
                out.print(text, markup=False, style=style)
        _print_verdict(verified)
    if any(each.audit.fault for each in verified):
        raise typer.Exit(FAULT)


async def _verify(
    pool: asyncpg.Pool, target: Target, sites: list[str] | None, options: dict[str, Any]
) -> list[Verified]:
    known = [record.site for record in await Sites(pool).list_sites()]
    wanted = known if sites is None else sites
    if unknown := sorted(set(wanted) - set(known)):
        raise ResourceNotFound(f"There is no site {unknown[0]}.")
    verified = []
    with _progress() as bar:
        for site in wanted:
            task = bar.add_task(site, total=None, rate="")

            def show(position: int, head: int, task: Any = task) -> None:
                seconds = bar.tasks[task].elapsed or 0
                rate = f"{position / seconds:,.0f}/s" if seconds else ""
                bar.update(task, total=head, completed=position, rate=rate)

            verified.append(await verify_site(pool, Site(site), target, on_progress=show, **options))
    return verified


def verified_lines(verified: Verified) -> Iterator[tuple[str, str | None]]:
    """What was verified of a site, line by line, each with its colour."""
    fault = verified.audit.fault
    yield f"{verified.site}: {'FAULT' if fault else 'sound'}", "red" if fault else "green"
    if fault:
        yield f"  {visible(fault.sentence)}", None
    for name, text in _lines(verified):
        yield f"  {name:<12} {text}", None


def _lines(verified: Verified) -> Iterator[tuple[str, str]]:
    audit, log = verified.audit, verified.audit.log
    rate = f"{audit.events / verified.seconds:,.0f}/s" if verified.seconds else ""
    yield "log", verified.origin
    yield "events", f"{span(audit.begun_after + 1, log.size)} verified, in {verified.seconds:.1f} s ({rate})"
    if audit.begun_after:
        yield "", f"{span(1, audit.begun_after)} were verified before; --full verifies them again"
    yield "checkpoints", f"{log.checkpoints:,} agree" + _covered(log.checkpointed)
    yield "anchors", f"{log.anchors:,} agree" + _covered(max(log.anchored, audit.begun_after))
    if unanchored := range(max(log.anchored, audit.begun_after) + 1, log.size + 1):
        yield "", f"{span(unanchored[0], unanchored[-1])} are in no anchor: owner of database and key can rewrite them"
    if audit.torn_lines:
        yield "", f"{audit.torn_lines:,} half lines, as a kill leaves them, were passed over"
    yield "tiles", f"{audit.tiles:,} agree"
    yield from view_lines(audit, log.size)
    for place in verified.handed:
        yield "handed to", f"{place.place}: {place.size:,} events, {moment(place.anchored_at)}"


def _covered(size: int) -> str:
    return f"; {span(1, size)} covered" if size else ""


def _print_verdict(verified: list[Verified]) -> None:
    faults = sum(each.audit.fault is not None for each in verified)
    events = sum(each.audit.events for each in verified)
    sites = f"{len(verified):,} site{'' if len(verified) == 1 else 's'}"
    said = f"{faults:,} with a fault" if faults else "all sound"
    out.print(f"{sites}, {events:,} events verified: {said}", markup=False, style="red" if faults else "green")


def verified_document(verified: Verified) -> dict[str, Any]:
    """The same for machines."""
    audit, log = verified.audit, verified.audit.log
    anchored = max(log.anchored, audit.begun_after)
    document: dict[str, Any] = {
        "site": verified.site,
        "origin": verified.origin,
        "sound": audit.fault is None,
        "size": log.size,
        "root": log.root.hex(),
        "begun_after": audit.begun_after,
        "events": audit.events,
        "seconds": round(verified.seconds, 3),
        "checkpoints": log.checkpoints,
        "checkpointed": max(log.checkpointed, audit.begun_after),
        "anchors": log.anchors,
        "anchored": anchored,
        "unanchored": log.size - anchored,
        "torn_lines": audit.torn_lines,
        "tiles": audit.tiles,
        "handed": [msgspec.to_builtins(place) for place in verified.handed],
    }
    if audit.views:
        document["orders"] = audit.views.views[0].rows
        document["views"] = [view_document(view) for view in audit.views.views]
    if audit.fault:
        document["fault"] = as_document(audit.fault)  # type: ignore[arg-type]
    return document


def _progress() -> Progress:
    return progress_bars(
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
