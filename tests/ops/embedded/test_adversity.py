"""Kills at the worst moments, and pid files that lie."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from ops.embedded import Role, launch, process, server
from ops.embedded.binaries import find_binaries
from ops.embedded.cluster import entrance_to
from ops.embedded.postmaster import living_postmaster
from ops.embedded.privileges import hand_over, server_identity
from ops.embedded.shared_binaries import reachable_binaries
from tests.ops.embedded.conftest import Join, OpenPostgres
from tests.ops.embedded.support import (
    ask,
    connect,
    copy_cluster,
    is_gone,
    kill,
    log_of,
    servers_in,
    state_of,
    until,
)


async def test_killed_in_the_middle_of_initdb_the_next_open_starts_again(
    new_state_dir: Path, join: Join, open_postgres: OpenPostgres
) -> None:
    unfinished = new_state_dir / "pg18.tmp"
    member = join(new_state_dir)
    until((unfinished / "PG_VERSION").exists, what="the beginning of initdb")
    member.kill()
    assert unfinished.exists()
    assert not (new_state_dir / "pg18").exists()

    told: list[str] = []
    postgres = open_postgres(new_state_dir, on_progress=told.append)

    assert await ask(postgres, "SELECT 1") == 1
    assert "removing an unfinished database cluster" in told
    assert not unfinished.exists()


async def insert_until_the_server_dies(
    connection: "asyncpg.Connection[asyncpg.Record]", written: asyncio.Event
) -> list[int]:
    acknowledged: list[int] = []
    with contextlib.suppress(asyncpg.PostgresError, asyncpg.InternalClientError, OSError):
        while True:
            number = len(acknowledged)
            await connection.execute("INSERT INTO entry VALUES ($1)", number)
            acknowledged.append(number)
            written.set()
    return acknowledged


async def test_when_the_owner_is_killed_the_server_ends_by_itself_and_loses_nothing(
    state_dir: Path, join: Join, open_postgres: OpenPostgres
) -> None:
    owner = join(state_dir)
    opened = owner.opened()
    connection = await connect(opened["socket_dir"])
    await connection.execute("CREATE TABLE entry (number INT PRIMARY KEY)")
    written = asyncio.Event()
    inserting = asyncio.create_task(insert_until_the_server_dies(connection, written))
    await written.wait()

    owner.kill()
    acknowledged = await inserting
    connection.terminate()

    until(lambda: is_gone(opened["postmaster_pid"]), what="the end of the server")
    assert "fast shutdown request" in log_of(state_dir)
    postgres = open_postgres(state_dir)
    assert await ask(postgres, "SELECT count(*) FROM entry") >= len(acknowledged) > 0


async def test_after_a_kill_of_every_process_the_server_recovers_and_loses_nothing(
    state_dir: Path, join: Join, open_postgres: OpenPostgres
) -> None:
    owner = join(state_dir)
    connection = await connect(owner.opened()["socket_dir"])
    await connection.execute("CREATE TABLE entry AS SELECT * FROM generate_series(1, 1000)")

    kill([owner.pid, *servers_in(state_dir)])
    owner.kill()
    connection.terminate()

    postgres = open_postgres(state_dir)
    assert await ask(postgres, "SELECT count(*) FROM entry") == 1000
    assert "automatic recovery in progress" in log_of(state_dir)


async def test_a_busy_backend_of_a_killed_postmaster_is_ended_before_the_next_start(
    state_dir: Path, join: Join, open_postgres: OpenPostgres
) -> None:
    owner = join(state_dir)
    opened = owner.opened()
    connection = await connect(opened["socket_dir"])
    backend = connection.get_server_pid()
    busy = asyncio.create_task(connection.execute("DO $$ BEGIN LOOP END LOOP; END $$"))
    await asyncio.to_thread(until, lambda: state_of(backend) == "R", what="the busy backend")

    kill([opened["postmaster_pid"], owner.pid])
    owner.kill()
    until(lambda: is_gone(opened["postmaster_pid"]), what="the end of the postmaster")
    assert not is_gone(backend)
    postgres = open_postgres(state_dir)

    assert is_gone(backend)
    assert await ask(postgres, "SELECT 1") == 1
    with pytest.raises((asyncpg.PostgresError, OSError)):
        await busy
    connection.terminate()


async def test_the_next_owner_waits_for_the_server_of_a_killed_one_to_stop(
    state_dir: Path, join: Join, open_postgres: OpenPostgres
) -> None:
    owner = join(state_dir)
    old = owner.opened()["postmaster_pid"]
    os.kill(old, signal.SIGSTOP)  # it cannot stop before it is continued
    owner.kill()

    told: list[str] = []

    def continue_the_old_server(text: str) -> None:
        told.append(text)
        if "without an owner" in text:
            os.kill(old, signal.SIGCONT)

    postgres = open_postgres(state_dir, on_progress=continue_the_old_server)

    assert any(str(old) in text for text in told)
    assert is_gone(old)
    assert await ask(postgres, "SELECT 1") == 1
    assert "not properly shut down" not in log_of(state_dir)


async def test_a_server_that_nobody_told_to_stop_is_stopped_by_the_next_owner(
    state_dir: Path, open_postgres: OpenPostgres
) -> None:
    with server_without_owner(state_dir) as old:
        postgres = open_postgres(state_dir)

        assert is_gone(old)
        assert postgres.is_owner
        assert await ask(postgres, "SELECT 1") == 1


def test_a_server_that_does_not_stop_is_killed_in_the_end(
    state_dir: Path, open_postgres: OpenPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [(number, 0.1 if number != signal.SIGKILL else seconds) for number, seconds in server._STOP_STEPS]
    monkeypatch.setattr(server, "_STOP_STEPS", steps)
    postgres = open_postgres(state_dir)
    pid = postgres.postmaster_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)

    postgres.stop()

    assert [number for number, _ in steps] == [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL]
    assert is_gone(pid)
    assert open_postgres(state_dir).is_owner


def test_a_program_whose_parent_died_before_it_could_ask_for_a_signal_does_not_start() -> None:
    nobodys_pid = 2**22 + 1
    command = [sys.executable, launch.__file__, str(nobodys_pid), "9", "-1", "-1", "/bin/echo", "started"]

    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.stderr.strip() == "the parent process is gone"
    assert result.stdout == ""


@contextlib.contextmanager
def server_without_owner(state_dir: Path) -> Iterator[int]:
    """A server started by hand: its parent lives on, so the kernel sends it nothing."""
    data = state_dir / "pg18"
    identity = server_identity(state_dir, data)
    binaries = reachable_binaries(find_binaries(), identity)
    hand_over(data, identity)
    with Path(os.devnull).open("wb") as output, entrance_to(data, identity) as entrance:
        command = [binaries.program("postgres"), "-D", entrance.path]
        command += ["-c", "listen_addresses=", "-c", "unix_socket_directories="]
        child = process.spawn(
            command,
            identity=identity,
            cwd=entrance.working_folder,
            output=output.fileno(),
            keep_open=entrance.keep_open,
        )
    try:
        until(lambda: living_postmaster(data) or child.poll() is not None, what="the server")
        yield child.pid
    finally:
        kill([child.pid])
        child.wait()


@pytest.fixture
def sleeper() -> Iterator[int]:
    child = subprocess.Popen(["sleep", "600"])
    yield child.pid
    child.kill()
    child.wait()


@pytest.fixture
def zombie() -> Iterator[int]:
    child = subprocess.Popen(["true"])
    until(lambda: state_of(child.pid) == "Z", what="the zombie")
    yield child.pid
    child.wait()


def pretend_to_run_as(pid: int, state_dir: Path) -> None:
    """What a server leaves that was killed, when its number has been given to somebody else since."""
    run = state_dir / "run"
    run.mkdir(exist_ok=True)
    (run / ".s.PGSQL.5432").touch()
    lines = [pid, state_dir / "pg18", 1700000000, 5432, run, "", "  1 2", "ready   "]
    (state_dir / "pg18" / "postmaster.pid").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


@pytest.mark.parametrize("whose", ["ours", "our parent's", "a sleeper's", "a zombie's", "nobody's"])
async def test_a_stale_pid_is_not_believed(
    whose: str, state_dir: Path, open_postgres: OpenPostgres, sleeper: int, zombie: int
) -> None:
    pids = {"ours": os.getpid(), "our parent's": os.getppid(), "a sleeper's": sleeper, "a zombie's": zombie}
    pretend_to_run_as(pids.get(whose, 2**22 + 1), state_dir)

    postgres = open_postgres(state_dir)

    assert postgres.is_owner
    assert await ask(postgres, "SELECT 1") == 1
    assert not is_gone(sleeper)


async def test_a_stale_pid_of_the_server_of_another_folder_is_not_believed(
    state_dir: Path, tmp_path: Path, prepared_cluster: Path, join: Join, open_postgres: OpenPostgres
) -> None:
    other_dir = tmp_path / "other"
    copy_cluster(prepared_cluster, other_dir)
    other = join(other_dir)
    pretend_to_run_as(other.opened()["postmaster_pid"], state_dir)

    postgres = open_postgres(state_dir, role=Role.SERVICE)

    assert await ask(postgres, "SELECT 1") == 1
    assert other.ask("status")["postmaster_pid"] is not None
    other.ask("stop")


def test_a_client_does_not_believe_a_stale_pid_while_the_owner_still_starts(
    state_dir: Path, join: Join, sleeper: int
) -> None:
    pretend_to_run_as(sleeper, state_dir)

    members = [join(state_dir), join(state_dir)]

    assert {member.opened()["postmaster_pid"] for member in members}.isdisjoint({None, sleeper})
