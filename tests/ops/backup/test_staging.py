"""A data folder is filled as a whole or not at all."""

from pathlib import Path

import pytest

from ops.backup.staging import NotEmpty, RestoreRuns, staged


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_was_filled_is_in_place_at_the_end(tmp_path: Path) -> None:
    with staged(tmp_path / "data") as staging:
        for name in ("postgres", "keys"):
            (staging / name).mkdir()
    assert names(tmp_path / "data") == ["keys", "postgres"]


def test_where_it_fails_nothing_is_left(tmp_path: Path) -> None:
    def fail() -> None:
        with staged(tmp_path) as staging:
            (staging / "postgres").mkdir()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert names(tmp_path) == []


def test_what_a_killed_restore_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".restoring" / "postgres").mkdir(parents=True)
    with staged(tmp_path) as staging:
        assert names(staging) == []


def test_two_restores_do_not_fill_one_folder(tmp_path: Path) -> None:
    with staged(tmp_path) as staging:
        (staging / "postgres").mkdir()
        with pytest.raises(RestoreRuns), staged(tmp_path):
            pass
    assert names(tmp_path) == ["postgres"]


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(NotEmpty), staged(tmp_path):
        pass
    assert names(tmp_path) == ["mine"]
