"""``order-ledger drill``: tamper with copies of a site in every documented way, and show what verification says."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from ledger.ids import Site
from ledger.limits import DRILL_EVENTS_MAX, DRILL_EVENTS_MIN, DRILL_SAMPLE_EVENTS
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, err, out, progress, run_with_pool
from ops.cli.printing import print_json
from ops.cli.progress import progress_bars
from ops.drill.drill import Drill
from ops.drill.scratch import scratch_server, workplace
from ops.drill.source import Copied, copy_out
from ops.drill.tampering import Kind
from ops.drill.tamperings import TAMPERINGS
from ops.drill.verdict import DrillReport, Outcome, Verdict
from ops.target import Target
from projections.visible_text import visible

NOT_AS_EXPECTED = 2

_STYLES = {Outcome.CLEAN: "green", Outcome.CAUGHT: "green", Outcome.BY_DESIGN: "yellow", Outcome.NOT_TRIED: "yellow"}


def drill(
    site: Annotated[
        str | None,
        typer.Option("--site", "-s", help="Use the events of this site; else of a sample.", show_default=False),
    ] = None,
    events: Annotated[
        int | None,
        typer.Option(
            "--events",
            help=f"Only the first ones; unless given {DRILL_EVENTS_MAX:,}, or {DRILL_SAMPLE_EVENTS} of a sample.",
            min=DRILL_EVENTS_MIN,
            max=DRILL_EVENTS_MAX,
            show_default=False,
        ),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Leave all copies in this new folder.", file_okay=False, show_default=False),
    ] = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Tamper with copies of a site in every documented way, and show that verification catches and names each.

    The events of the site, or of a sample that is made for it, are copied to a server of their own. Views, tree,
    checkpoints and anchors are made from them anew and signed with a new key: of the site itself only events are read,
    and nothing is written. For each tampering there is a fresh copy, on which everything is verified as by
    `order-ledger verify --full`. All copies are removed at the end.

    Exit status 0: all that can be caught was caught and named, at the right place where its fault names one. 2:
    something was not, or an untouched copy was not sound. 1: the drill could not run.
    """
    with workplace(keep) as folder:
        copied = _copied(Target(data_dir, database_url), site, events, folder) if site is not None else None
        report = _drill(copied, events or DRILL_SAMPLE_EVENTS, folder, keep=keep is not None)
        if as_json:
            print_json(_document(report))
        else:
            _print(report, folder)
    if keep is not None:
        err.print(f"The sound copy and those that were tampered with are in {folder}.", markup=False)
    if not report.passed:
        raise typer.Exit(NOT_AS_EXPECTED)


def _copied(target: Target, site: str, events: int | None, folder: Path) -> Copied:
    events_max = events or DRILL_EVENTS_MAX
    return run_with_pool(target, lambda pool: copy_out(pool, Site(site), events_max, folder), read_only=True)


def _drill(copied: Copied | None, sample_events: int, folder: Path, *, keep: bool) -> DrillReport:
    progress("making a sound copy")
    with scratch_server(folder) as server, _progress() as bar:
        task = bar.add_task("tamperings", total=len(TAMPERINGS), found="")

        def on_verdict(verdict: Verdict) -> None:
            bar.update(task, advance=1, found=f"{verdict.tampering.name}: {verdict.outcome}")

        work = Drill(server, folder, keep=keep, on_verdict=on_verdict)
        return asyncio.run(work.run(copied, sample_events))


def _print(report: DrillReport, folder: Path) -> None:
    what = "a sample" if report.is_sample else f"the site {report.site}"
    out.print(f"drill with {report.events:,} events of {what}", markup=False)
    for verdict in report.verdicts:
        said = verdict.tampering
        style = _STYLES.get(verdict.outcome, "red")
        out.print(f"{verdict.outcome:<12} {said.what}", markup=False, style=style)
        for line in _lines(verdict, folder):
            out.print(f"{'':<12} {line}", markup=False)
    out.print(_summary(report), markup=False, style="green" if report.passed else "red")


def _lines(verdict: Verdict, folder: Path) -> Iterator[str]:
    said = verdict.tampering
    if said.kind is not Kind.CONTROL:
        yield f"by: {said.by}"
    if verdict.fault:
        # Where the scratch folder was says nothing to anybody.
        sentence = str(verdict.fault["sentence"]).replace(f"{folder}/{said.name}/", "")
        yield f"named: {visible(sentence)}"
        yield f"place: {_place_named(verdict)}"
    match verdict.outcome:
        case Outcome.BY_DESIGN:
            yield f"not caught, by design: {_unanchored(verdict)} were not anchored yet, and verification says so"
        case Outcome.MISNAMED | Outcome.MISSED | Outcome.BROKE_OFF:
            yield f"expected: {' or '.join(said.faults)} {_place(verdict)}".rstrip()
    if verdict.reason:
        yield f"reason: {visible(verdict.reason)}"


def _unanchored(verdict: Verdict) -> str:
    positions = verdict.unanchored
    return f"{len(positions):,} events ({positions[0]:,} to {positions[-1]:,})"


def _place_named(verdict: Verdict) -> str:
    if verdict.names_the_place is None:
        return "which one is not said"
    judged = "right" if verdict.names_the_place else "WRONG, expected"
    return f"{judged}: {_place(verdict)}" if _place(verdict) else judged


def _place(verdict: Verdict) -> str:
    named = {name: value for name, value in (verdict.where or {}).items() if name != "source"}
    return ", ".join(f"{name} {visible(str(value))}" for name, value in named.items())


def _summary(report: DrillReport) -> str:
    attacks = sum(verdict.tampering.kind is Kind.ATTACK for verdict in report.verdicts)
    parts = [f"{report.count(Outcome.CAUGHT)} of {attacks} tamperings caught and named"]
    if unplaced := sum(verdict.fault is not None and verdict.names_the_place is None for verdict in report.verdicts):
        parts.append(f"{unplaced} faults of checkpoints and anchors do not say which")
    if not_tried := report.count(Outcome.NOT_TRIED):
        parts.append(f"{not_tried} not tried")
    if report.count(Outcome.CLEAN):
        parts.append("nothing found where nothing was done")
    if report.count(Outcome.BY_DESIGN):
        parts.append("1 limit as documented")
    wrong = [verdict.tampering.name for verdict in report.verdicts if not verdict.outcome.is_as_expected]
    verdict = f"FAILED: {', '.join(wrong) or 'nothing was caught'}" if not report.passed else "passed"
    return f"{'; '.join(parts)}; in {report.seconds:.1f} s: {verdict}"


def _document(report: DrillReport) -> dict[str, Any]:
    return {
        "passed": report.passed,
        "site": None if report.is_sample else report.site,
        "events": report.events,
        "seconds": round(report.seconds, 3),
        "tamperings": [_verdict_document(verdict) for verdict in report.verdicts],
    }


def _verdict_document(verdict: Verdict) -> dict[str, Any]:
    said = verdict.tampering
    document: dict[str, Any] = {
        "name": said.name,
        "what": said.what,
        "by": said.by,
        "kind": said.kind,
        "outcome": verdict.outcome.lower().replace(" ", "_").replace(",", ""),
        "as_expected": verdict.outcome.is_as_expected,
        "expected_faults": said.faults,
        "expected_place": dict(verdict.where or {}),
        "names_the_place": verdict.names_the_place,
        "unanchored": len(verdict.unanchored),
    }
    return document | ({"fault": verdict.fault} if verdict.fault else {}) | _reason(verdict)


def _reason(verdict: Verdict) -> dict[str, Any]:
    return {"reason": verdict.reason} if verdict.reason else {}


def _progress() -> Progress:
    return progress_bars(
        TextColumn("{task.fields[found]}"),
        TimeElapsedColumn(),
    )
