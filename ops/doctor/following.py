"""What follows the logs: consumers, what is parked, checkpoints and anchors."""

from collections.abc import Iterator

import asyncpg

from ledger.ids import Site
from ledger.transparency.signing_keys import KeyFolder, SigningKeysUnusable
from ops.doctor.finding import Finding, fault, ok, warning
from ops.doctor.limits import BEHIND_MS_MAX, UNANCHORED_MS_MAX
from ops.doctor.sql import query

_RUNS = "is a service running (`order-ledger serve`)? If so, its log says what stops it"


async def following_findings(connection: asyncpg.Connection, keys: KeyFolder, now_ms: int) -> list[Finding]:
    """All of them."""
    signing = await connection.fetch(query("signing"))
    return [
        *_consumers(await connection.fetch(query("behind")), now_ms),
        *_parked(await connection.fetch(query("parked"))),
        *_signed(signing, keys, now_ms),
        *_anchored(signing, now_ms),
    ]


def _consumers(rows: list[asyncpg.Record], now_ms: int) -> Iterator[Finding]:
    late = [row for row in rows if now_ms - row["waiting_since"] > BEHIND_MS_MAX]
    for row in late:
        minutes = (now_ms - row["waiting_since"]) / 60_000
        events = f"{row['behind']:,} events on {row['sites']} site{'' if row['sites'] == 1 else 's'}"
        yield warning("consumers", f"{row['name']} is behind by {events}, for {minutes:,.0f} minutes", _RUNS)
    if not late:
        yield ok("consumers", "all that follows the logs is at their ends, or on its way there")


def _parked(rows: list[asyncpg.Record]) -> Iterator[Finding]:
    for row in rows:
        advice = (
            "`order-ledger parked list` says why" if row["what"] == "orders" else "`order-ledger invoices reconcile`"
        )
        yield warning("parked", f"{row['count']:,} {row['what']} of {row['site']} cannot be followed", advice)
    if not rows:
        yield ok("parked", "no order and no invoice")


def _signed(rows: list[asyncpg.Record], keys: KeyFolder, now_ms: int) -> Iterator[Finding]:
    troubles = 0
    for row in rows:
        signed = _remembered(keys, Site(row["site"]))
        if signed > row["head"]:
            troubles += 1
            yield fault(
                "checkpoints",
                f"{signed:,} events of {row['site']} were signed, and the database has {row['head']:,}: an older one "
                "was restored, and nothing is signed any more",
                "go back to the later database, or `order-ledger checkpoint new-log` (docs/decisions/0010)",
            )
        elif (since := row["unsigned_since"]) and now_ms - since > BEHIND_MS_MAX:
            troubles += 1
            minutes = (now_ms - since) / 60_000
            yield warning("checkpoints", f"events of {row['site']} are not signed for {minutes:,.0f} minutes", _RUNS)
    if not troubles:
        yield ok("checkpoints", "all logs are signed to their ends, or about to be")


def _remembered(keys: KeyFolder, site: Site) -> int:
    try:
        return keys.signed_size(site)
    except SigningKeysUnusable:
        return 0


def _anchored(rows: list[asyncpg.Record], now_ms: int) -> Iterator[Finding]:
    late = [row for row in rows if row["unanchored_since"] and now_ms - row["unanchored_since"] > UNANCHORED_MS_MAX]
    for row in late:
        minutes = (now_ms - row["unanchored_since"]) / 60_000
        yield warning("anchors", f"events of {row['site']} are in no anchor for {minutes:,.0f} minutes", _RUNS)
    if not late:
        yield ok("anchors", "all checkpoints are anchored, or about to be")
