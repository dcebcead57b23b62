"""The drill catches everything on a sound installation, fails where verification is blind, and touches nothing."""

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from ledger.ids import Site
from ledger.merkle.faults import LinkBreaks
from ledger.transparency.log_audit import Audit
from ops.cli import drill as drill_command
from ops.cli.main import app
from ops.database import Address, bring_up_to_date, service_pool
from ops.drill import drill as drilling
from ops.drill.sample import make_sample
from ops.drill.scratch import ScratchServer, scratch_server
from ops.drill.source import Stages
from ops.drill.tampering import Kind, Tampering, Where
from ops.drill.tamperings import ATTACKS, CONTROL, LIMIT, TAMPERINGS
from ops.drill.verdict import DrillReport, Outcome, Verdict, judge
from ops.embedded import EmbeddedPostgres
from ops.target import Target
from ops.verification import Verified, verify_site
from tests.ops.command_line import PROGRAM
from tests.ops.test_command_line import database_url, site_name
from tests.serving import PATIENCE_S, until

__all__ = ["database_url", "site_name"]

EVENTS = 60


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["drill", *map(str, arguments)])


def told(result: Result) -> dict[str, dict[str, Any]]:
    """The tamperings of a report, by name."""
    return {each["name"]: each for each in json.loads(result.stdout)["tamperings"]}


@pytest.fixture(autouse=True)
def scratch(tmp_state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where drills have their folders; nothing may be left there."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_state_dir))
    return tmp_state_dir


@pytest.fixture(scope="module")
def migrated_cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server of a drill begins with, made once: it takes a second."""
    path = tmp_path_factory.mktemp("drill") / "postgres"
    with EmbeddedPostgres.open(path) as postgres:
        asyncio.run(bring_up_to_date(Address.embedded(postgres)))
    return path


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch, migrated_cluster: Path) -> None:
    """A drill of a few tamperings, each of another kind, on a server that was prepared."""

    @contextlib.contextmanager
    def prepared_server(folder: Path) -> Iterator[ScratchServer]:
        shutil.copytree(migrated_cluster, folder / "postgres", ignore=shutil.ignore_patterns("run"))
        with scratch_server(folder) as server:
            yield server

    monkeypatch.setattr(drill_command, "scratch_server", prepared_server)
    names = {"control", "edit-body", "rewrite-and-sign", "edit-tile", "hide-order", "rewrite-unanchored"}
    few = tuple(each for each in TAMPERINGS if each.name in names)
    assert len(few) == len(names)
    monkeypatch.setattr(drilling, "TAMPERINGS", few)


@pytest.fixture
def orders(address: Address, site_name: str) -> str:
    """A site with events of all kinds."""

    async def make() -> None:
        async with service_pool(address) as pool:
            await make_sample(pool, Site(site_name), EVENTS)

    asyncio.run(make())
    return site_name


def execute(address: Address, statement: str, *arguments: object) -> list[Any]:
    async def work() -> list[Any]:
        connection = await asyncpg.connect(**address.owner)
        try:
            return list(await connection.fetch(statement, *arguments))
        finally:
            await connection.close()

    return asyncio.run(work())


def test_everything_that_is_done_to_a_sample_is_caught_and_named(scratch: Path) -> None:
    result = run("--events", EVENTS, "--json")
    assert result.exit_code == 0, result.output
    found = told(result)
    assert list(found) == [each.name for each in TAMPERINGS]
    assert found[CONTROL.name]["outcome"] == "clean"
    for attack in ATTACKS:
        one = found[attack.name]
        assert one["outcome"] == "caught", one
        assert one["fault"]["kind"] in attack.faults
        assert one["fault"]["sentence"]
        assert one["names_the_place"] in {True, None}, one
    assert found[LIMIT.name]["outcome"] == "limit"
    assert found[LIMIT.name]["unanchored"] == EVENTS // 8
    assert list(scratch.iterdir()) == []


@pytest.mark.usefixtures("short")
def test_the_report_says_what_was_done_by_whom_and_how_it_was_named() -> None:
    result = run("--events", EVENTS)
    assert result.exit_code == 0, result.output
    assert f"drill with {EVENTS} events of a sample" in result.stdout
    position = EVENTS // 4
    story = result.stdout[result.stdout.index("caught       edit the body of an event") :]
    assert "by: owner of the database\n" in story
    assert f"named: Event {position}: its leaf is " in story
    assert f"place: right: position {position}\n" in story
    assert "not caught, by design: 7 events (54 to 60) were not anchored yet, and verification says so" in story
    assert "4 of 4 tamperings caught and named; nothing found where nothing was done" in story


def accepted(_: Any) -> None:
    """Nothing is seen."""


def mistaken(_: Any) -> LinkBreaks:
    """It is taken for something else."""
    return LinkBreaks(1, "s", None, None)


def misplaced(fault: Any) -> Any:
    """It is seen, but somewhere else."""
    place = next(name for name in ("position", "size", "order_id") if hasattr(fault, name))
    return replace(fault, **{place: getattr(fault, place) * 2})


@pytest.mark.usefixtures("short")
def test_a_verification_that_accepts_mistakes_or_misplaces_everything_fails_the_drill(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All that was found in one drill, as who accepts everything tells it, and then as the others would."""
    found: list[tuple[Tampering, Where, Audit, Stages]] = []

    def judged(
        seen_as: Callable[[Any], Any], tampering: Tampering, where: Where, audit: Audit, made: Stages
    ) -> Verdict:
        return judge(tampering, where, replace(audit, fault=audit.fault and seen_as(audit.fault)), made)

    def noted(*one: Any) -> Verdict:
        found.append(one)
        return judged(accepted, *one)

    monkeypatch.setattr(drilling, "judge", noted)
    result = run("--events", EVENTS, "--json")
    assert result.exit_code == 2, result.output
    attacks = [each for each in told(result).values() if each["kind"] == "attack"]
    assert [each["outcome"] for each in attacks] == ["missed"] * 4
    assert not any(each["names_the_place"] for each in attacks)
    assert json.loads(result.stdout)["passed"] is False

    for seen_as in (mistaken, misplaced):
        verdicts = [judged(seen_as, *one) for one in found]
        wrong = [verdict for verdict in verdicts if verdict.tampering.kind is Kind.ATTACK]
        assert [verdict.outcome for verdict in wrong] == [Outcome.MISNAMED] * 4
        assert not any(verdict.names_the_place for verdict in wrong)
        assert not DrillReport("sample", EVENTS, True, 0.0, verdicts).passed
    assert DrillReport("sample", EVENTS, True, 0.0, [judge(*one) for one in found]).passed


@pytest.mark.usefixtures("short")
def test_a_verification_that_breaks_off_fails_the_drill(monkeypatch: pytest.MonkeyPatch) -> None:
    async def seen(pool: asyncpg.Pool, site: Site, target: Target, *, full: bool) -> Verified:
        verified = await verify_site(pool, site, target, full=full)
        if verified.audit.fault:
            raise ZeroDivisionError
        return verified

    monkeypatch.setattr(drilling, "verify_site", seen)
    result = run("--events", EVENTS)
    assert result.exit_code == 2, result.output
    assert "BROKE OFF    edit a tile" in result.stdout
    assert "reason: ZeroDivisionError()" in result.stdout
    assert "expected: tile_differs position 15" in result.stdout
    assert "FAILED: edit-body, rewrite-and-sign, edit-tile, hide-order" in result.stdout


@pytest.mark.usefixtures("short")
def test_what_is_said_of_an_untouched_copy_is_a_false_alarm_and_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def seen(*arguments: Any, **options: Any) -> Verified:
        verified = await verify_site(*arguments, **options)
        return replace(verified, audit=replace(verified.audit, fault=LinkBreaks(1, "s", None, None)))

    monkeypatch.setattr(drilling, "verify_site", seen)
    result = run("--events", EVENTS, "--json")
    assert result.exit_code == 2, result.output
    assert {name: each["outcome"] for name, each in told(result).items()} == {"control": "false_alarm"}


@pytest.mark.usefixtures("short")
def test_nothing_of_the_site_itself_is_changed(
    monkeypatch: pytest.MonkeyPatch, address: Address, database_url: str, orders: str, tmp_path: Path, scratch: Path
) -> None:
    """Rows with the transactions that wrote them, and every file of keys and anchors."""
    target = Target(tmp_path / "data")
    target.keys.prepare("ledger.example", new_name=str)
    target.keys.sign(Site(orders), 1, bytes(32))
    target.anchors.folder.mkdir()
    target.anchors.path_of(Site(orders)).write_text("not even an anchor")
    before = everything(address), files(target.data_dir)

    options = ("--site", orders, "--database-url", database_url, "--data-dir", target.data_dir)
    result = run(*options, "--json")
    assert result.exit_code == 0, result.output
    assert (everything(address), files(target.data_dir)) == before
    document = json.loads(result.stdout)
    assert (document["site"], document["events"]) == (orders, EVENTS)
    assert list(scratch.iterdir()) == []

    monkeypatch.setattr(drilling, "TAMPERINGS", TAMPERINGS[:2])
    fewer = run(*options, "--json", "--events", EVENTS - 20)
    assert fewer.exit_code == 0, fewer.output
    assert json.loads(fewer.stdout)["events"] == EVENTS - 20


def everything(address: Address) -> dict[str, str]:
    """A digest of each table of the ledger."""
    tables = execute(
        address,
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
        "WHERE schemaname IN ('ledger', 'ledger_migration')",
    )
    assert len(tables) > 10
    rows = "SELECT row(xmin, xmax, ctid, each.*)::text AS text FROM {} AS each ORDER BY ctid"
    digests = {}
    for table in tables:
        text = "\n".join(row["text"] for row in execute(address, rows.format(table["name"])))
        digests[table["name"]] = hashlib.sha256(text.encode()).hexdigest()
    return digests


def files(folder: Path) -> dict[Path, tuple[bytes, int]]:
    """Bytes and times of all files."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("short")
def test_a_site_that_is_not_sound_to_begin_with_is_told_so(address: Address, database_url: str, orders: str) -> None:
    options = ("--site", orders, "--database-url", database_url)
    change = "UPDATE ledger.event SET body = body || ' ' WHERE site = $1 AND "
    execute(address, f"{change} stream LIKE 'invoice%' AND position = (SELECT min(position) FROM ledger.event)", orders)
    result = run(*options, "--json")
    assert result.exit_code == 2, result.output
    assert told(result)["control"]["fault"]["kind"] == "leaf_differs"

    execute(address, f"{change} stream LIKE 'order%'", orders)
    assert "cannot be read as it is: Event" in str(run(*options).exception)
    execute(address, "DELETE FROM ledger.event WHERE site = $1 AND position = 5", orders)
    assert "has gaps as it is" in str(run(*options).exception)
    execute(address, "UPDATE ledger.head SET position = 4 WHERE site = $1", orders)
    assert "has 4 events, and a drill needs 20" in str(run(*options).exception)
    assert "There is no site nobody" in str(run("--site", "nobody", "--database-url", database_url).exception)


@pytest.mark.usefixtures("short")
def test_what_a_site_has_not_is_not_tried_and_said(
    address: Address, database_url: str, site_name: str, tmp_path: Path
) -> None:
    """A site without orders."""
    file = tmp_path / "invoices.jsonl"
    samples = (Path(__file__).parents[3] / "ops/samples/invoices.jsonl").read_text(encoding="utf-8")
    file.write_text("".join(samples.replace('"inv_0', f'"inv_{number}') for number in "123"), encoding="utf-8")
    options = ("--site", site_name, "--database-url", database_url)
    loaded = CliRunner().invoke(app, ["invoices", "load", *options, str(file)])
    assert "loaded 30" in loaded.stdout, loaded.output
    result = run(*options)
    assert result.exit_code == 0, result.output
    assert "not tried    delete an order from the view" in result.stdout
    assert "reason: The site has no order." in result.stdout
    assert "3 of 4 tamperings caught and named; 1 not tried" in result.stdout


@pytest.mark.usefixtures("short")
def test_copies_are_kept_where_they_are_wanted(scratch: Path) -> None:
    folder = scratch / "kept"
    result = run("--events", EVENTS, "--keep", folder)
    assert result.exit_code == 0, result.output
    assert f"are in {folder}" in result.stderr
    assert (folder / "edit-tile" / "anchors" / "sample.jsonl").exists()
    verified = CliRunner().invoke(app, ["verify", "--full", "--data-dir", str(folder)])
    assert "sample: sound" in verified.stdout, verified.output
    refused = run("--keep", folder)
    assert "is not empty" in str(refused.exception)


def test_nothing_is_left_after_an_interrupt(scratch: Path) -> None:
    with subprocess.Popen(
        [PROGRAM, "drill"], env=os.environ | {"TMPDIR": str(scratch)}, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    ) as drill:
        until(lambda: any(scratch.glob("*/edit-*")), what="a tampering that is under way")
        drill.send_signal(signal.SIGINT)
        printed, errors = drill.communicate(timeout=PATIENCE_S)
    assert drill.returncode not in {0, 2}, printed
    assert b"Traceback" not in errors, errors.decode()
    assert list(scratch.iterdir()) == []
