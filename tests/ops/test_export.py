"""``order-ledger export``: the whole range, exactly, at constant memory, and under its name once it is complete."""

import asyncio
import csv
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ledger.errors import OperationFailed
from ledger.ids import Position, Site
from ledger.merkle import auditor
from ledger.merkle.checkpoint import Checkpoint, sign_checkpoint
from ledger.merkle.export_line import decode_export_line
from ledger.merkle.keys import SigningKey
from ledger.merkle.tree import root_of_leaves
from ledger.store import Store
from ops.database import Address, service_pool
from ops.export import CSV_COLUMNS, ExportFormat, ExportRange, csv_line, export
from projections.changes.document import ChangeOpener
from projections.changes.reader import ChangeLog
from tests.conftest import new_site
from tests.log.appends import append, append_batch
from tests.ops.command_line import run, run_program, run_unread, url_of
from tests.projections.changes.life import facts_of, live, whole_log


@pytest.fixture
def database_url(address: Address) -> str:
    return url_of(address)


def names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def exported(database_url: str, site: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    done = await asyncio.to_thread(run, "export", "--site", site, *arguments, database_url=database_url)
    assert "Traceback" not in done.stderr
    return done


async def test_an_auditor_finds_an_export_sound_and_an_edited_one_not(
    pool: asyncpg.Pool, site: Site, database_url: str, tmp_path: Path
) -> None:
    await live(pool, site, seed=21, commands=60)
    log = await whole_log(pool, site)
    file, note = tmp_path / "log.jsonl", tmp_path / "checkpoint"
    done = await exported(database_url, site, "--out", str(file))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    origin = f"ledger.example/{site}"
    key = SigningKey(origin, bytes(range(32)))
    checkpoint = Checkpoint(origin, len(log), root_of_leaves(event.leaf for event in log))
    note.write_bytes(sign_checkpoint(checkpoint, key).encode())
    audit = (auditor.__file__, "export", str(file), "--checkpoint", str(note), "--key", str(key.verifier))
    sound = await asyncio.to_thread(run_program, sys.executable, *audit)
    assert sound.returncode == 0, sound.stdout + sound.stderr
    assert f"{len(log)} events of {origin}" in sound.stdout

    file.write_bytes(file.read_bytes().replace(b"robot", b"shop!", 1))
    assert (await asyncio.to_thread(run_program, sys.executable, *audit)).returncode == 2


async def test_json_lines_are_the_exact_bodies_of_the_range(pool: asyncpg.Pool, site: Site, database_url: str) -> None:
    await live(pool, site, seed=22, commands=20)
    log = await whole_log(pool, site)
    for arguments, expected in (
        ((), log),
        (("--from", "3"), log[2:]),
        (("--to", "5"), log[:5]),
        (("--from", "4", "--to", "4"), log[3:4]),
        (("--from", str(len(log) + 1)), []),
        (("--to", "0"), []),
        (("--out", "-", "--format", "jsonl"), log),
    ):
        done = await exported(database_url, site, *arguments)
        assert done.returncode == 0, done.stderr
        lines = [decode_export_line(line) for line in done.stdout.encode().splitlines(keepends=True)]
        assert lines == [(event.position, event.body) for event in expected]


async def test_a_range_that_the_log_does_not_have_is_refused(
    pool: asyncpg.Pool, site: Site, database_url: str, tmp_path: Path
) -> None:
    await append_batch(pool, append(site, ("order-1", 1)))
    file = tmp_path / "log"
    for arguments in (("--from", "3"), ("--to", "2"), ("--from", "0"), ("--format", "xml")):
        done = await exported(database_url, site, *arguments, "--out", str(file))
        assert done.returncode in {1, 2}
        assert done.stderr
    assert (await exported(database_url, "nobody")).stderr == "There is no site nobody."
    assert names(tmp_path) == []


async def test_a_table_reads_back_as_what_happened(pool: asyncpg.Pool, site: Site, database_url: str) -> None:
    await live(pool, site, seed=23, commands=60)
    log = await whole_log(pool, site)
    done = await exported(database_url, site, "--format", "csv")
    assert done.returncode == 0, done.stderr
    heading, *rows = csv.reader(done.stdout.splitlines())
    opened = await ChangeOpener(Store(pool)).open(site, await ChangeLog(pool).matching(site, (), log))
    assert [row[heading.index("sentence")] for row in rows] == [change.sentence for change in opened]
    assert tuple(heading) == CSV_COLUMNS
    found = [dict(zip(heading, row, strict=True)) for row in rows]
    for row, facts, event in zip(found, facts_of(log), log, strict=True):
        for name in ("position", "type", "actor", "source", "request_id", "order_id", "invoice_id"):
            assert row[name] == ("" if facts[name] is None else str(facts[name]))
        body = json.loads(event.body)
        assert row["leaf"] == event.leaf.hex()
        assert row["event_id"] == body["event_id"]
        assert row["sentence"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\uff1d", "'"])
def test_no_cell_is_a_formula_and_none_is_changed_beyond_its_mark(start: str) -> None:
    text = f'{start}HYPERLINK("http://x","y")'
    [[cell, number, plain]] = csv.reader([csv_line([text, -5, "a=b"]).decode()])
    assert cell == f"'{text}"
    assert (number, plain) == ("-5", "a=b")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a\\nb"),
        ("a\rb", "a\\rb"),
        ("\t=1", "\\t=1"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u202eb", "\\u202eb"),
        ('say "x", y', 'say "x", y'),
        (",", ","),
        ("", ""),
    ],
)
def test_a_row_is_one_line_that_steers_no_terminal(text: str, shown: str) -> None:
    line = csv_line([text, "next"]).decode()
    assert line.endswith("\r\n")
    assert line[:-2].isprintable()
    assert list(csv.reader([line])) == [[shown, "next"]]


async def test_memory_does_not_grow_with_the_log(pool: asyncpg.Pool) -> None:
    peaks = {}
    for form in ExportFormat:
        for events in (1_000, 1_000, 4_000):
            site = await new_site(pool)
            for first in range(0, events, 200):
                places = ((f"order-{number}", 1) for number in range(first, first + 200))
                await append_batch(pool, append(site, *places, note="x" * 500))
            written = 0

            def write(data: bytes) -> None:
                nonlocal written
                written += len(data)

            tracemalloc.start()
            await export(pool, site, ExportRange(Position(1), Position(events)), form, write=write)
            peaks[form, events] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert written > events * 100
        assert peaks[form, 4_000] < 1.2 * peaks[form, 1_000], peaks


async def test_what_is_appended_meanwhile_is_not_in_the_export(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, append(site, *((f"order-{number}", 1) for number in range(700))))
    lines: list[bytes] = []
    appended = asyncio.Event()

    def write(data: bytes) -> None:
        lines.extend(data.splitlines())
        appended.set()

    async def grow() -> None:
        await appended.wait()
        await append_batch(pool, append(site, ("order-new", 1)))

    await asyncio.gather(
        export(pool, site, ExportRange(Position(1), Position(700)), ExportFormat.JSONL, write=write), grow()
    )
    assert len(lines) == 700


async def test_an_export_that_fails_leaves_the_file_as_it_was(own_address: Address, tmp_path: Path) -> None:
    async with service_pool(own_address) as pool:
        site = await new_site(pool)
        await append_batch(pool, append(site, *((f"order-{number}", 1) for number in range(5))))
        owner = await asyncpg.connect(**own_address.owner)
        await owner.execute("DELETE FROM ledger.event WHERE position = 3")
        await owner.close()
        whole: dict[str, Any] = {"write": lambda _: None}
        with pytest.raises(OperationFailed, match="position 4 follows where 3 was expected"):
            await export(pool, site, ExportRange(Position(1), Position(5)), ExportFormat.JSONL, **whole)
    file = tmp_path / "log.jsonl"
    file.write_text("before")
    done = await exported(url_of(own_address), site, "--out", str(file))
    assert done.returncode == 1
    assert "gap" in done.stderr
    assert names(tmp_path) == ["log.jsonl"]
    assert file.read_text() == "before"


async def test_nobody_reads_any_more(pool: asyncpg.Pool, site: Site, database_url: str) -> None:
    await append_batch(pool, append(site, *((f"order-{number}", 1) for number in range(900)), note="x" * 200))
    for form in ExportFormat:
        arguments = ("export", "--site", site, "--format", form.value)
        done = await asyncio.to_thread(run_unread, *arguments, database_url=database_url)
        assert done.stderr == b""
        assert done.returncode != 0
