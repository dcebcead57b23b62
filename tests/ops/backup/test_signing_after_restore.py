"""A restored older state signs nothing that contradicts what was signed before, until the operator decides."""

import shutil
from pathlib import Path

import pytest

from ledger.ids import Site
from ledger.transparency.anchor_file import AnchorFiles
from ledger.transparency.key_copies import copy_keys, copy_memory
from ledger.transparency.signing_hold import hold
from ledger.transparency.signing_keys import KeyFolder, SigningKeysUnusable
from tests.ops.backup.conftest import REPEATED, Story, anchored, done, post, run
from tests.serving import SITE, running_server, until

ACME = Site(SITE)


def test_a_restored_service_goes_on_and_signs_no_second_history(story: Story, tmp_path: Path) -> None:
    """With the keys of the backup and the newer anchors: first it is told, then another log begins."""
    restored = tmp_path / "restored"
    told = done("restore", story.with_keys, data_dir=restored).stdout
    assert "tables are byte for byte what was backed up" in told
    assert f"{SITE}: sound" in told
    assert "restored, and held back" in told
    (restored / "acme.key").write_text(story.key)
    for path in (story.data_dir / "anchors").glob("*.jsonl"):
        shutil.copy(path, restored / "anchors")
    with running_server(restored, "--anchor-seconds", "0.1") as server:
        until(lambda: "Nothing will be signed with the keys" in server.errors, what="a word about the keys")
        assert post(server, "orders", "invoice_id=inv_0001&id=order0", REPEATED) == story.first
        post(server, "orders", "invoice_id=inv_0001&id=another")
        until(lambda: "Nothing is signed any more for site acme" in server.errors, what="a refusal to sign")

        assert f"{story.last_size} were signed" in str(
            run("checkpoint", "resume", "--yes", data_dir=restored).exception
        )
        same = run("checkpoint", "new-log", "--yes", "--origin", story.origin, data_dir=restored)
        assert "another log needs another name" in str(same.exception)
        assert KeyFolder(restored / "keys").signed_size(ACME) <= story.busy_size

        done("checkpoint", "new-log", "--yes", "--origin", "second.example", data_dir=restored)
        until(lambda: anchored(restored) >= story.busy_size + 1, what="an anchor of the new log")
        verified = done("verify", "--full", data_dir=restored)
        assert f"second.example/{SITE}" in verified.stdout
        assert "all sound" in verified.stdout
    [ended] = (restored / "anchors").glob("ended-*")
    last = AnchorFiles(ended).last(ACME)
    assert last is not None
    assert last.size == story.last_size
    [keys] = (restored / "keys").glob("ended-*")
    assert (keys / f"{SITE}.json").read_bytes() == (story.data_dir / "keys" / f"{SITE}.json").read_bytes()


def test_keys_of_a_backup_sign_again_where_nothing_was_signed_after_it(
    story: Story, database: str, tmp_path: Path
) -> None:
    restored, there = tmp_path / "restored", ("--database-url", database)
    done("restore", story.with_keys, "--no-verify", *there, data_dir=restored)
    keys = KeyFolder(restored / "keys")
    with pytest.raises(SigningKeysUnusable, match="came out of a backup"):
        keys.sign(ACME, story.busy_size, bytes(32))
    done("checkpoint", "resume", "--yes", *there, data_dir=restored)
    assert keys.sign(ACME, story.busy_size, bytes(32))
    assert "are not held back" in str(run("checkpoint", "resume", "--yes", *there, data_dir=restored).exception)


def test_keys_that_were_kept_remember_what_they_signed(story: Story, database: str, tmp_path: Path) -> None:
    """The usual way: keys are not in the backup. What they signed since is known, and verification says so."""
    keys = Path(shutil.copytree(story.data_dir / "keys", tmp_path / "keys"))
    options = ("--keys-dir", keys, "--database-url", database)
    told = run("restore", story.plain, *options, data_dir=tmp_path / "restored")
    assert told.exit_code == 2, told.output
    assert "those that were in the folder already" in told.stdout
    assert f"{SITE}: FAULT" in told.stdout
    assert f"remembered beside the keys covers {story.last_size} events" in told.stdout
    assert (keys / f"{SITE}.signed").read_bytes() == (story.data_dir / "keys" / f"{SITE}.signed").read_bytes()
    assert (tmp_path / "restored" / "anchors").is_dir()


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    """Keys that have signed once."""
    keys = KeyFolder(tmp_path / "keys")
    keys.prepare("ledger.example", new_name=str)
    keys.sign(ACME, 3, bytes(32))
    return keys


def test_published_halves_verify_and_sign_nothing(keys: KeyFolder, tmp_path: Path) -> None:
    copy = KeyFolder(tmp_path / "copy")
    copy_memory(keys.path, copy.path)
    copy_keys(keys.path, copy.path, private=False)
    assert copy.keys(ACME) == keys.keys(ACME)
    assert copy.last_signed(ACME) == keys.last_signed(ACME)
    for act in (lambda: copy.sign(ACME, 4, bytes(32)), lambda: copy.rotate(ACME, 3)):
        with pytest.raises(SigningKeysUnusable, match="private halves were not in the backup"):
            act()
    assert copy.last_signed(ACME) == keys.last_signed(ACME)


def test_keys_that_are_held_back_say_why(keys: KeyFolder) -> None:
    hold(keys.path, "somebody has to decide")
    with pytest.raises(SigningKeysUnusable, match="somebody has to decide"):
        keys.sign(ACME, 4, bytes(32))
    assert keys.signed_size(ACME) == 3
