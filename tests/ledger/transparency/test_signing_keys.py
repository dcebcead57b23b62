"""Keys stay out of the database, are changed without a gap, and a log never changes its origin."""

import stat
from pathlib import Path

import pytest

from ledger.ids import Site
from ledger.merkle.checkpoint import open_checkpoint
from ledger.merkle.note import UnknownKey
from ledger.transparency.signing_keys import NO_KEYS, KeyFolder, SigningKeysUnusable

SITE = Site("acme")
ROOT = bytes(32)


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    folder = KeyFolder(tmp_path / "below" / "keys")
    folder.prepare("ledger.example", new_name=lambda: "never")
    return folder


def test_the_folder_and_its_files_are_their_owners_alone(keys: KeyFolder) -> None:
    keys.sign(SITE, 1, ROOT)
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in keys.path.iterdir()} == {0o600}


def test_the_first_signature_makes_the_first_key_and_no_later_one_does(keys: KeyFolder) -> None:
    assert keys.keys(SITE).keys == ()
    keys.sign(SITE, 1, ROOT)
    keys.sign(SITE, 2, ROOT)
    [key] = keys.keys(SITE).keys
    assert (key.from_size, key.until_size) == (0, None)
    assert key.verifier.name == keys.keys(SITE).origin == "ledger.example/acme"
    assert keys.keys(Site("other")).keys == ()


def test_a_name_that_nobody_chose_is_made_once(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path / "keys")
    assert folder.prepare(None, new_name=lambda: "first") == "first"
    assert folder.prepare(None, new_name=lambda: "second") == "first"
    assert folder.prepare("first", new_name=lambda: "second") == "first"


def test_a_log_never_changes_its_origin(keys: KeyFolder) -> None:
    with pytest.raises(SigningKeysUnusable, match="never changes"):
        keys.prepare("other.example", new_name=lambda: "x")
    assert keys.keys(SITE).origin == "ledger.example/acme"


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "x" * 201])
def test_a_name_that_cannot_be_an_origin_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SigningKeysUnusable):
        KeyFolder(tmp_path / "keys").prepare(None, new_name=lambda: name)


def test_while_keys_change_both_sign_and_after_that_the_new_one_alone(keys: KeyFolder) -> None:
    keys.sign(SITE, 10, ROOT)
    [old] = keys.keys(SITE).verifiers
    new = keys.rotate(SITE, 3)
    both = keys.sign(SITE, 20, ROOT)
    for key in (old, new):
        assert open_checkpoint(both, origin=old.name, keys=[key]).checkpoint.size == 20
    retired = keys.retire(SITE, old.id.hex(), 3)
    assert (retired.from_size, retired.until_size) == (0, 20), "what was signed last counts, not the database's size"
    later = keys.sign(SITE, 30, ROOT)
    assert open_checkpoint(later, origin=old.name, keys=[new]).checkpoint.size == 30
    with pytest.raises(UnknownKey):
        open_checkpoint(later, origin=old.name, keys=[old])
    first, second = keys.keys(SITE).keys
    assert [first.is_right_for(size) for size in (10, 20, 21)] == [True, True, False]
    assert [second.is_right_for(size) for size in (10, 11, 30)] == [False, True, True]


def test_a_retired_key_is_published_still_and_its_private_half_is_gone(keys: KeyFolder) -> None:
    keys.sign(SITE, 1, ROOT)
    [old] = keys.keys(SITE).verifiers
    keys.rotate(SITE, 1)
    before = (keys.path / "acme.json").read_text()
    keys.retire(SITE, old.id.hex(), 1)
    after = (keys.path / "acme.json").read_text()
    assert (before.count("private_key"), after.count("private_key")) == (2, 1)
    assert str(old) in after


def test_the_only_key_cannot_be_retired_nor_one_that_is_not_there(keys: KeyFolder) -> None:
    keys.sign(SITE, 1, ROOT)
    [only] = keys.keys(SITE).verifiers
    with pytest.raises(SigningKeysUnusable, match="only key"):
        keys.retire(SITE, only.id.hex(), 1)
    keys.rotate(SITE, 1)
    with pytest.raises(SigningKeysUnusable, match="No key"):
        keys.retire(SITE, "00000000", 1)


def test_what_was_signed_last_is_remembered(keys: KeyFolder) -> None:
    assert keys.last_signed(SITE) is None
    keys.sign(SITE, 1, ROOT)
    note = keys.sign(SITE, 2, ROOT)
    assert keys.last_signed(SITE) == note


def test_a_damaged_file_is_told_and_nothing_is_made_in_its_place(keys: KeyFolder) -> None:
    keys.sign(SITE, 1, ROOT)
    (keys.path / "acme.json").write_text("[{")
    for use in (lambda: keys.keys(SITE), lambda: keys.sign(SITE, 2, ROOT), lambda: keys.rotate(SITE, 1)):
        with pytest.raises(SigningKeysUnusable, match="cannot be read"):
            use()


def test_a_service_without_keys_says_so() -> None:
    with pytest.raises(SigningKeysUnusable, match="no signing keys"):
        NO_KEYS.keys(SITE)


def test_a_key_does_not_show_itself(keys: KeyFolder) -> None:
    keys.sign(SITE, 1, ROOT)
    private = (keys.path / "acme.json").read_text().split('"private_key": "')[1].split('"')[0]
    assert private not in repr(keys.keys(SITE)) + repr(keys)
