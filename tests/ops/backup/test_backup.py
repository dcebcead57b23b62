"""A backup that was taken while a service ran: what is in it, and that it comes back as it was, or not at all."""

import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import LedgerError
from ops.backup.manifest import digest_of, read_manifest
from tests.ops.backup.conftest import Story, done, run
from tests.serving import SITE


def refusal(*arguments: object, data_dir: Path) -> str:
    """What a command that is refused says."""
    error = run(*arguments, data_dir=data_dir).exception
    assert isinstance(error, LedgerError), error
    return error.message


@pytest.fixture
def copy(story: Story, tmp_path: Path) -> Path:
    """A copy of the backup, to be damaged."""
    return Path(shutil.copytree(story.plain, tmp_path / "copy"))


def test_a_backup_says_of_which_moment_and_of_what_it_is(story: Story) -> None:
    [site] = story.told["sites"]
    assert (site["site"], site["head"], site["checkpointed"]) == (SITE, story.size, story.size)
    manifest = read_manifest(story.plain)
    assert manifest.tables["ledger.event"].rows == story.size
    assert set(manifest.files) == {
        str(path.relative_to(story.plain)) for path in story.plain.rglob("*") if path.is_file()
    } - {"manifest.json"}


def test_signing_keys_are_in_a_backup_only_where_they_are_asked_for(story: Story) -> None:
    private = json.loads((story.data_dir / "keys" / f"{SITE}.json").read_text())[0]["private_key"]
    assert private in (story.with_keys / "keys" / f"{SITE}.json").read_text()
    assert not any(private.encode() in path.read_bytes() for path in story.plain.rglob("*") if path.is_file())
    assert (read_manifest(story.plain).signing_keys, read_manifest(story.with_keys).signing_keys) == (False, True)


def test_keys_of_the_api_and_of_the_console_are_in_no_backup(story: Story) -> None:
    secrets = [story.key.encode(), *(path.read_bytes() for path in (story.data_dir / "console").iterdir())]
    for path in story.with_keys.rglob("*"):
        assert not path.is_file() or not any(secret and secret in path.read_bytes() for secret in secrets), path


def test_a_backup_can_be_entered_by_its_owner_alone(story: Story) -> None:
    assert stat.S_IMODE(story.plain.stat().st_mode) == 0o700


def test_a_backup_needs_a_folder_of_its_own_and_data(story: Story, tmp_path: Path) -> None:
    assert "not empty" in refusal("backup", story.plain, data_dir=story.data_dir)
    assert "There are no data in" in refusal("backup", tmp_path / "backup", data_dir=tmp_path / "nothing")
    assert not (tmp_path / "backup").exists()
    assert not (tmp_path / "nothing").exists()


def test_a_backup_without_its_manifest_is_none(copy: Path, tmp_path: Path) -> None:
    (copy / "manifest.json").unlink()
    assert "holds no whole backup" in refusal("restore", copy, data_dir=tmp_path / "restored")


def altered(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [altered, Path.unlink, lambda path: path.write_bytes(b"")])
@pytest.mark.parametrize("name", ["database/toc.dat", f"anchors/{SITE}.jsonl"])
def test_a_backup_with_a_damaged_file_is_not_restored(
    copy: Path, tmp_path: Path, damage: Callable[[Path], Any], name: str
) -> None:
    damage(copy / name)
    assert str(copy / name) in refusal("restore", copy, data_dir=tmp_path / "restored")
    assert list((tmp_path / "restored").iterdir()) == []


def test_a_backup_of_a_later_schema_is_not_restored(copy: Path, tmp_path: Path) -> None:
    rewritten(copy, lambda manifest: manifest["migrations"].update({"ledger/999_later.sql": "00"}))
    assert "does not know" in refusal("restore", copy, data_dir=tmp_path / "restored")


def test_a_manifest_cannot_name_files_elsewhere(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"x")
    rewritten(copy, lambda manifest: manifest["files"].update({"../elsewhere": {"bytes": 1, "sha256": ""}}))
    assert "not in the backup" in refusal("restore", copy, data_dir=tmp_path / "restored")


def test_a_restored_table_that_differs_is_named(copy: Path, database: str, tmp_path: Path) -> None:
    rewritten(copy, lambda manifest: manifest["tables"]["ledger.order_view"].update({"sha256": "00"}))
    told = refusal("restore", copy, "--database-url", database, data_dir=tmp_path / "restored")
    assert told == "The restored table ledger.order_view is not what was backed up."
    assert list((tmp_path / "restored").iterdir()) == []


def rewritten(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest of a backup, and let it agree with the files."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def test_webhooks_that_were_due_are_told_and_can_be_held_back(story: Story, database: str, tmp_path: Path) -> None:
    there = ("--json", "--database-url", database)
    options = ("--no-verify", "--hold-webhooks", *there)
    told = json.loads(done("restore", story.plain, *options, data_dir=tmp_path / "held").stdout)
    [due] = told["webhooks_due"]
    assert (due["site"], due["deliveries"], told["webhooks_held"]) == (SITE, 3, True)
    assert (told["tables_compared"], told["verified"]) == (0, [])
    listed = json.loads(done("webhooks", "list", "--failed", "--site", SITE, *there, data_dir=tmp_path / "held").stdout)
    assert str(listed).count("held back when a backup was restored") == 3


def test_a_dump_that_ends_early_leaves_a_database_as_it_was(
    story: Story, copy: Path, database: str, tmp_path: Path
) -> None:
    largest = max((copy / "database").glob("*.gz"), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-40])
    digest = digest_of(largest)
    rewritten(
        copy,
        lambda manifest: manifest["files"].update(
            {str(largest.relative_to(copy)): {"bytes": digest.bytes, "sha256": digest.sha256}}
        ),
    )
    there = ("--database-url", database)
    assert "pg_restore failed" in refusal("restore", copy, *there, data_dir=tmp_path / "restored")
    assert list((tmp_path / "restored").iterdir()) == []
    assert done("restore", story.plain, "--no-verify", *there, data_dir=tmp_path / "restored")
