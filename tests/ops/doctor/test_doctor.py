"""What the doctor says of an installation, and that it sees what is wrong with it."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ledger.ids import Site
from ledger.transparency.key_copies import copy_keys
from ledger.transparency.signing_hold import hold
from ledger.transparency.signing_keys import KeyFolder
from ops.database import SERVICE_ROLE, Address, service_pool
from ops.doctor.files import file_findings
from ops.doctor.finding import Finding, Level
from ops.doctor.following import following_findings
from ops.doctor.machine import clock_findings, disk_findings
from ops.doctor.rights import rights_findings
from ops.doctor.settings import settings_findings
from ops.doctor.tables import table_findings
from ops.doctor.versions import program_findings, server_findings
from ops.embedded.binaries import find_binaries
from ops.embedded.shared_binaries import other_copies
from ops.target import Target
from tests.conftest import new_site
from tests.ledger.transparency.given import grow
from tests.ops.backup.conftest import run
from tests.ops.command_line import url_of

ACME = Site("acme")


@pytest.fixture
async def own(own_address: Address) -> AsyncIterator[asyncpg.Connection]:
    """The owner of a database that is the test's alone."""
    connection = await asyncpg.connect(**own_address.owner)
    yield connection
    await connection.close()


@pytest.fixture
async def undone(owner: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the owner's, of which nothing stays."""
    transaction = owner.transaction()
    await transaction.start()
    yield owner
    await transaction.rollback()


async def latest(own: asyncpg.Connection) -> int:
    """When the last event was recorded."""
    return int(await own.fetchval("SELECT max(recorded_at) FROM ledger.event"))


def troubles(findings: Any) -> list[Finding]:
    return [each for each in findings if each.level is not Level.OK]


def test_a_data_folder_that_was_left_in_order_has_no_fault(data_dir: Path) -> None:
    told = run("doctor", "--json", data_dir=data_dir)
    document = json.loads(told.stdout)
    faults = [each for each in document["findings"] if each["level"] == "fault" and each["check"] != "packages"]
    assert faults == []
    checks = {each["check"] for each in document["findings"]}
    assert checks >= {
        *("version", "packages", "postgresql", "schema", "rights", "role", "settings", "connections", "disk", "files"),
        *("keys", "clock", "replication", "consumers", "parked", "checkpoints", "anchors", "statistics", "indexes"),
        "schema rules",
    }


def test_it_looks_at_a_database_of_ones_own(address: Address, tmp_path: Path) -> None:
    told = run("doctor", "--database-url", url_of(address), data_dir=tmp_path).stdout
    assert "warning  login: the login of the URL owns the tables or is a superuser" in told
    assert "to do: let the service use a login that is a member of order_ledger_service" in told
    assert "ok       rights: the role order_ledger_service can add events and change or remove none" in told


def test_what_is_not_there_is_a_fault_and_stays_away(tmp_path: Path) -> None:
    told = run("doctor", data_dir=tmp_path / "nothing")
    assert told.exit_code == 2
    assert "there is no folder" in told.stdout
    assert not (tmp_path / "nothing").exists()
    away = run("doctor", "--database-url", "postgresql://nobody@127.0.0.1:1/nothing", data_dir=tmp_path)
    assert away.exit_code == 2
    assert "fault    database: The database cannot be reached" in away.stdout


def test_packages_are_those_that_are_needed() -> None:
    assert {each.check for each in program_findings()} == {"version", "packages"}


async def test_rights_that_would_rewrite_the_log_are_named(undone: asyncpg.Connection) -> None:
    assert troubles(await rights_findings(undone, is_embedded=True)) == []
    await undone.execute(f"GRANT DELETE ON ledger.event TO {SERVICE_ROLE}")
    await undone.execute(f"GRANT UPDATE (note) ON ledger.checkpoint TO {SERVICE_ROLE}")
    [found] = troubles(await rights_findings(undone, is_embedded=True))
    assert found.level is Level.FAULT
    assert "DELETE on ledger.event" in found.text
    assert "UPDATE of columns on ledger.checkpoint" in found.text


async def test_a_schema_that_another_build_made_is_a_fault(undone: asyncpg.Connection) -> None:
    assert troubles(await server_findings(undone)) == []
    await undone.execute("DELETE FROM ledger_migration.applied WHERE name = 'projections/025_order_words.sql'")
    [lacking] = troubles(await server_findings(undone))
    assert "025_order_words.sql" in lacking.text
    await undone.execute("UPDATE ledger_migration.applied SET digest = '00' WHERE name = 'ledger/001_site.sql'")
    [mismatch] = troubles(await server_findings(undone))
    assert mismatch.level is Level.FAULT


@pytest.mark.parametrize(
    ("setting", "level"),
    [
        ("synchronous_commit = off", Level.FAULT),
        ("synchronous_commit = local", Level.FAULT),
        ("statement_timeout = '5s'", Level.WARNING),
    ],
)
async def test_settings_that_lose_or_break_off_are_named(
    undone: asyncpg.Connection, setting: str, level: Level
) -> None:
    # Tests run on a server that need not outlive a power cut, and the doctor says so.
    before = troubles(await settings_findings(undone))
    await undone.execute(f"SET LOCAL {setting}")
    found, *_ = [each for each in troubles(await settings_findings(undone)) if each not in before]
    assert found.level is level
    assert setting.partition(" ")[0] in found.text


async def test_logs_that_nobody_follows_and_a_clock_that_went_back_are_seen(
    own: asyncpg.Connection, own_address: Address, tmp_path: Path
) -> None:
    keys = KeyFolder(tmp_path / "keys")
    keys.prepare("ledger.example", new_name=str)
    assert troubles(await clock_findings(own)) == []
    async with service_pool(own_address) as pool:
        site = await new_site(pool)
        await grow(pool, site, 3)
    now_ms = await latest(own)
    assert troubles(await following_findings(own, keys, now_ms)) == []

    beside_database, beside_log = troubles(await clock_findings(own, lambda: now_ms - 3_600_000))
    assert beside_database.level is Level.FAULT
    assert "in the future: the clock went back" in beside_log.text

    await own.execute("INSERT INTO ledger.consumer (site, name, position) VALUES ($1, 'changes', 1)", site)
    await own.execute("INSERT INTO ledger.parked VALUES ($1, 'orders', 'order-1', 1, 1, 'why', 0)", site)
    found = troubles(await following_findings(own, keys, now_ms + 3_600_000))
    assert [each.check for each in found] == ["consumers", "parked", "checkpoints", "anchors"]
    assert "changes is behind by 2 events on 1 site, for 60 minutes" in found[0].text

    keys.sign(site, 7, bytes(32))
    older = [each for each in await following_findings(own, keys, now_ms) if each.level is Level.FAULT]
    assert [each.check for each in older] == ["checkpoints"]
    assert f"7 events of {site} were signed, and the database has 3" in older[0].text


async def test_breaches_of_the_schemas_rules_and_broken_indexes_are_named(undone: asyncpg.Connection) -> None:
    before = troubles(await table_findings(undone))
    await undone.execute("CREATE SEQUENCE ledger.mine")
    await undone.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ledger.change_by_type'::regclass")
    index, rule = [each for each in troubles(await table_findings(undone)) if each not in before]
    assert "ledger.change_by_type" in index.text
    assert rule.text == "there is no sequence, but mine"


def opened(target: Target) -> None:
    (target.keys.path / "acme.json").chmod(0o640)


def held(target: Target) -> None:
    hold(target.keys.path, "somebody has to decide")


def published(target: Target) -> None:
    copy_keys(target.keys.path, target.keys.path, private=False)


def unfinished(target: Target) -> None:
    (target.data_dir / ".restoring").mkdir()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (opened, "can be used by others than its owner (mode 640)"),
        (held, "somebody has to decide"),
        (published, "can verify and cannot sign"),
        (unfinished, "a restore has not ended"),
    ],
)
def test_files_that_are_not_as_they_should_be_are_named(
    tmp_path: Path, wrong: Callable[[Target], None], told: str
) -> None:
    tmp_path.chmod(0o700)
    target = Target(tmp_path)
    target.keys.prepare("ledger.example", new_name=str)
    target.keys.sign(ACME, 1, bytes(32))
    before = troubles(file_findings(target))
    wrong(target)
    [found] = [each for each in troubles(file_findings(target)) if each not in before]
    assert told in found.text
    assert found.advice


def test_programs_of_another_version_are_found(tmp_path: Path) -> None:
    assert other_copies(find_binaries(), [tmp_path]) == []
    old = tmp_path / "order-ledger" / "postgresql-17.1-0123456789ab"
    old.mkdir(parents=True)
    assert other_copies(find_binaries(), [tmp_path]) == [old]


def test_the_space_on_the_disk_is_told(tmp_path: Path) -> None:
    [found] = [each for each in disk_findings(tmp_path) if "GiB" in each.text]
    assert str(tmp_path) in found.text
