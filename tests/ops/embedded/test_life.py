"""A server's ordinary life: made, started, asked, stopped, started again."""

import contextlib
import os
import shutil
import stat
import threading
from pathlib import Path

import pytest

from ops.embedded import InitdbFailed, ServerDidNotStart, ServerDied, SettingReserved
from ops.embedded.limits import LOG_FILE_BYTES_MAX, LOG_FILES_MAX
from ops.embedded.settings import server_settings
from tests.ops.embedded.conftest import OpenPostgres
from tests.ops.embedded.support import ask, is_gone, kill, log_of, servers_in, until

RECOVERY = "automatic recovery in progress"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes_in(folder: Path) -> dict[str, int]:
    return {path.name: mode_of(path) for path in folder.iterdir()}


async def test_a_new_folder_gets_a_private_layout_and_a_ready_server(
    new_state_dir: Path, open_postgres: OpenPostgres
) -> None:
    postgres = open_postgres(new_state_dir)

    assert postgres.is_owner
    assert await ask(postgres, "SELECT current_user::TEXT") == "order_ledger_owner"
    assert postgres.postmaster_pid in servers_in(new_state_dir)
    assert modes_in(new_state_dir) == {
        "owner.lock": 0o600,
        "users.lock": 0o600,
        "pg18": 0o700,
        "run": 0o700,
        "log": 0o700,
    }
    assert mode_of(new_state_dir) == 0o700
    assert (new_state_dir / "owner.lock").read_text(encoding="ascii").split() == [str(os.getpid()), "command"]


async def test_a_new_cluster_sorts_and_checks_the_same_on_every_machine(
    state_dir: Path, open_postgres: OpenPostgres
) -> None:
    postgres = open_postgres(state_dir)

    locale = "SELECT datlocprovider::TEXT || datlocale FROM pg_database WHERE datname = 'postgres'"
    assert await ask(postgres, locale) == "bC.UTF-8"
    assert await ask(postgres, "SHOW server_encoding") == "UTF8"
    assert await ask(postgres, "SHOW data_checksums") == "on"


async def test_a_stop_is_clean_and_the_next_start_needs_no_recovery(
    state_dir: Path, open_postgres: OpenPostgres
) -> None:
    first = open_postgres(state_dir)
    pid = first.postmaster_pid
    assert pid is not None
    await ask(first, "CREATE TABLE kept (n INT)")
    first.stop()

    assert is_gone(pid)
    assert modes_in(state_dir / "run") == {}
    second = open_postgres(state_dir)
    assert await ask(second, "SELECT count(*) FROM kept") == 0
    assert RECOVERY not in log_of(state_dir)
    assert "not properly shut down" not in log_of(state_dir)


def test_a_second_stop_does_nothing(state_dir: Path, open_postgres: OpenPostgres) -> None:
    postgres = open_postgres(state_dir)

    postgres.stop()
    postgres.stop()

    assert not postgres.is_owner
    assert postgres.postmaster_pid is None


async def test_settings_arrive_and_win_over_the_defaults(state_dir: Path, open_postgres: OpenPostgres) -> None:
    postgres = open_postgres(state_dir, settings={"work_mem": "7MB", "MAX_CONNECTIONS": "23"})

    assert await ask(postgres, "SHOW work_mem") == "7MB"
    assert await ask(postgres, "SHOW max_connections") == "23"
    assert await ask(postgres, "SHOW synchronous_commit") == "on"
    assert await ask(postgres, "SHOW timezone") == "UTC"


def test_a_setting_that_the_supervisor_depends_on_is_refused() -> None:
    with pytest.raises(SettingReserved, match="port, unix_socket_directories"):
        server_settings("/run", {"port": "1", "Unix_Socket_Directories": "/tmp", "work_mem": "1MB"})


def test_a_setting_that_postgresql_refuses_is_told_and_frees_the_folder(
    state_dir: Path, open_postgres: OpenPostgres
) -> None:
    with pytest.raises(ServerDidNotStart, match="unrecognized configuration parameter"):
        open_postgres(state_dir, settings={"no_such_setting": "1"})

    assert open_postgres(state_dir).is_owner


def test_an_initdb_that_fails_is_told_with_what_it_said(
    new_state_dir: Path, open_postgres: OpenPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.embedded.cluster.initdb_options", lambda major: ["--no-such-option"])

    with pytest.raises(InitdbFailed, match="unrecognized option '--no-such-option'"):
        open_postgres(new_state_dir)

    monkeypatch.undo()
    assert open_postgres(new_state_dir).is_owner


def test_the_server_opens_no_tcp_port(state_dir: Path, open_postgres: OpenPostgres) -> None:
    open_postgres(state_dir)

    first_address_line = 5
    pid_file = (state_dir / "pg18" / "postmaster.pid").read_text(encoding="utf-8")
    assert pid_file.splitlines()[first_address_line].strip() == ""
    assert not sockets_of(servers_in(state_dir)) & tcp_sockets()


def sockets_of(pids: list[int]) -> set[str]:
    """As the kernel names them; none in a container whose root may not look into other users' processes."""
    links = [link for pid in pids for link in Path(f"/proc/{pid}/fd").iterdir()]
    with contextlib.suppress(PermissionError):
        return {str(link.readlink()) for link in links if link.is_symlink()}
    return set()


def tcp_sockets() -> set[str]:
    tables = [Path(f"/proc/net/{name}") for name in ("tcp", "tcp6")]
    lines = [line for table in tables if table.exists() for line in table.read_text("ascii").splitlines()[1:]]
    return {f"socket:[{line.split()[9]}]" for line in lines}


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(state_dir: Path, open_postgres: OpenPostgres) -> None:
    pid = open_postgres(state_dir).postmaster_pid

    assert pid is not None
    assert os.getpgid(pid) != os.getpgid(0)


def test_a_dead_server_is_told_with_the_end_of_its_log(state_dir: Path, open_postgres: OpenPostgres) -> None:
    postgres = open_postgres(state_dir)
    postgres.check()
    pid = postgres.postmaster_pid
    assert pid is not None

    kill([pid])
    until(lambda: is_gone(pid), what="the end of the postmaster")

    with pytest.raises(ServerDied, match="ready to accept connections"):
        postgres.check()
    postgres.stop()
    assert open_postgres(state_dir).is_owner


def test_a_server_outlives_the_thread_that_started_it(state_dir: Path, open_postgres: OpenPostgres) -> None:
    opened = []
    thread = threading.Thread(target=lambda: opened.append(open_postgres(state_dir)))
    thread.start()
    thread.join()

    pid = opened[0].postmaster_pid
    assert pid is not None
    # The kernel would have sent its signal when the thread ended; a server stops in a fraction of this time.
    with pytest.raises(AssertionError, match="waited in vain"):
        until(lambda: is_gone(pid), what="the end of the server", seconds=0.5)
    opened[0].check()


async def test_the_log_is_bounded_and_its_newest_part_is_kept(state_dir: Path, open_postgres: OpenPostgres) -> None:
    postgres = open_postgres(state_dir)
    shout = "DO $$ BEGIN FOR i IN 1..12 LOOP RAISE LOG '%', repeat('x', 1000000); END LOOP; END $$"

    for _ in range(LOG_FILES_MAX + 1):
        await ask(postgres, shout)
        postgres.check()
    await ask(postgres, "DO $$ BEGIN RAISE LOG 'the last word'; END $$")

    sizes = [file.stat().st_size for file in (state_dir / "log").iterdir()]
    assert len(sizes) == LOG_FILES_MAX
    assert sum(sizes) < LOG_FILES_MAX * 1.3 * LOG_FILE_BYTES_MAX
    assert "the last word" in log_of(state_dir)
    assert set(modes_in(state_dir / "log").values()) == {0o600}


async def test_a_cluster_may_be_moved_to_another_folder(
    state_dir: Path, open_postgres: OpenPostgres, tmp_path: Path
) -> None:
    open_postgres(state_dir).stop()

    moved = tmp_path / "moved"
    shutil.move(state_dir, moved)
    postgres = open_postgres(moved)

    assert await ask(postgres, "SELECT 1") == 1
    postgres.stop()
