"""Creates beside the library `eventsourcing`, a handler that does nothing, and PostgreSQL alone."""

import asyncio

from ops.bench.throughput import forms
from ops.bench.throughput.databases import postmaster_of
from ops.bench.throughput.measuring import measured, of_peer, of_service
from ops.bench.throughput.pgbench import PgBench, prepared_script
from ops.bench.throughput.report import Report, at_least
from ops.bench.throughput.series import Contender
from ops.bench.throughput.stage import Stage

WORK = "create"
OF_EVENT_SOURCED_MIN = 8.0
OF_BARE_MIN = 0.40


def measure(stage: Stage, report: Report) -> None:
    """Measure creates."""
    peers = _peers(stage, report)
    ours = [of_service(stage, each, forms.creates(each.key)) for each in stage.services]
    series = measured(stage, WORK, [*peers.values(), *ours])
    report.add(WORK, series)
    of_peers = dict(zip(peers, series, strict=False))
    of_services = series[len(peers) :]
    for each in of_services:
        if "event_sourced" in of_peers:
            report.verdicts.append(at_least(WORK, each, of_peers["event_sourced"], OF_EVENT_SOURCED_MIN))
        report.verdicts.append(at_least(WORK, each, of_peers["bare"], OF_BARE_MIN))
    if len(of_services) > 1:
        best = max(of_services, key=lambda each: each.rate_per_s)
        report.notes.append(f"Most creates a second: {best.name}.")


def _peers(stage: Stage, report: Report) -> dict[str, Contender]:
    # They let everybody in.
    requests = forms.creates("key")
    found = {"bare": of_peer(stage, "bare aiohttp", stage.bare, requests)}
    if stage.event_sourced is None:
        report.notes.append("eventsourcing was not measured: install order-ledger[bench], which brings its driver.")
    else:
        found["event_sourced"] = of_peer(stage, "eventsourcing", stage.event_sourced, requests)
    program = stage.postgres.bin_dir / "pgbench"
    if not program.exists():
        report.notes.append("pgbench was not measured: it is not among these binaries of PostgreSQL.")
        return found
    found["pgbench"] = _pgbench(stage)
    return found


def _pgbench(stage: Stage) -> Contender:
    owner, script = stage.database("pgbench"), stage.folder / "pgbench.sql"
    script.write_text(asyncio.run(prepared_script(owner, stage.services[0].address)), encoding="utf-8")
    program, options = stage.postgres.bin_dir / "pgbench", stage.options
    pgbench = PgBench(program, owner, script, options.connections, options.seconds, postmaster_of(stage.postgres))
    return Contender("pgbench", pgbench.run)
