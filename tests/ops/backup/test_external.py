"""A backup is restored into a database of one's own, and taken of it again."""

from pathlib import Path
from typing import Any

import pytest

from ops.backup.manifest import read_manifest
from ops.backup.tools import ToolsTooOld, login_of, tools_for
from ops.database import Address
from tests.ops.backup.conftest import Story, done, run
from tests.serving import SITE


def test_a_restored_ledger_is_sound_and_byte_for_byte_what_was_backed_up(
    story: Story, database: str, tmp_path: Path
) -> None:
    """In a database of one's own, of which a backup can be taken again. That of a data folder is in the next module."""
    there, restored = ("--database-url", database), tmp_path / "restored"
    told = done("restore", story.plain, *there, data_dir=restored).stdout
    before = read_manifest(story.plain)
    assert f"{len(before.tables)} tables are byte for byte what was backed up" in told
    assert f"{SITE}: sound" in told
    assert "2 orders agree with what their events come to" in told
    anchors = Path("anchors", f"{SITE}.jsonl")
    assert (restored / anchors).read_bytes() == (story.plain / anchors).read_bytes()
    refused = run("restore", story.plain, *there, data_dir=tmp_path / "twice")
    assert "There is a ledger in this database already" in str(refused.exception)

    done("backup", tmp_path / "again", *there, data_dir=restored)
    after = read_manifest(tmp_path / "again")
    assert after.sites == before.sites
    # How far webhooks are planned is where the restore has come.
    different = {name for name in before.tables if before.tables[name] != after.tables[name]}
    assert different <= {"ledger.consumer", "ledger.webhook_delivery"}


def test_a_password_is_no_argument() -> None:
    for url in (
        "postgresql://me:s%40cret@db.example:5433,other.example/ledger?sslmode=require",
        "postgresql://me@db.example:5433,other.example/ledger?sslmode=require&password=s%40cret",
    ):
        login = login_of(Address.external(url))
        assert login.database == "postgresql://me@db.example:5433,other.example/ledger?sslmode=require"
        assert login.environment["PGPASSWORD"] == "s@cret"


def test_programs_that_are_too_old_are_told(superuser: dict[str, Any]) -> None:
    with pytest.raises(ToolsTooOld, match="of PostgreSQL 999 or later"):
        tools_for(Address.external("postgresql:///ledger"), 999)
