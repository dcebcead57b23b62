"""Who owns the server, who only uses it, and how it changes hands."""

import signal
from pathlib import Path

import pytest

from ops.embedded import EmbeddedPostgres, Role
from tests.ops.embedded.conftest import Join, OpenPostgres
from tests.ops.embedded.support import ask, is_gone, kill, servers_in, until


async def test_the_second_to_open_is_a_client_and_its_stop_leaves_the_server_up(
    state_dir: Path, open_postgres: OpenPostgres
) -> None:
    owner = open_postgres(state_dir, role=Role.SERVICE)
    client = open_postgres(state_dir)

    assert not client.is_owner
    assert client.postmaster_pid == owner.postmaster_pid
    assert await ask(client, "SELECT 1") == 1
    assert not client.try_take_over()
    client.check()
    client.stop()

    owner.check()
    assert await ask(owner, "SELECT 1") == 1


async def test_a_client_takes_over_when_the_owner_is_killed(
    state_dir: Path, join: Join, open_postgres: OpenPostgres
) -> None:
    owner = join(state_dir)
    before = owner.opened()
    client = open_postgres(state_dir, role=Role.SERVICE)
    assert not client.is_owner

    owner.kill()

    assert client.try_take_over()
    client.check()
    assert client.postmaster_pid not in {None, before["postmaster_pid"]}
    assert await ask(client, "SELECT 1") == 1


def test_a_client_takes_over_when_the_owner_stops(state_dir: Path, join: Join, open_postgres: OpenPostgres) -> None:
    owner = join(state_dir)
    owner.opened()
    client = open_postgres(state_dir)

    owner.ask("stop")

    assert client.postmaster_pid is None
    assert client.try_take_over()


def test_of_many_that_open_a_new_folder_at_once_one_owns_and_all_connect(new_state_dir: Path, join: Join) -> None:
    members = [join(new_state_dir, "--role=command") for _ in range(3)]

    opened = [member.opened() for member in members]

    assert sum(status["is_owner"] for status in opened) == 1
    assert len({status["postmaster_pid"] for status in opened}) == 1


async def test_a_command_that_owns_the_server_waits_for_its_users(
    state_dir: Path, join: Join, open_postgres: OpenPostgres
) -> None:
    owner = join(state_dir, "--role=command")
    owner.opened()
    user = open_postgres(state_dir)
    assert not user.is_owner

    owner.tell("stop")
    with pytest.raises(AssertionError, match="waited in vain"):
        until(owner.has_more_to_say, what="the stop", seconds=0.5)
    assert await ask(user, "SELECT 1") == 1
    user.stop()

    owner.reply()
    assert servers_in(state_dir) == []


def test_a_command_waits_for_its_users_only_so_long(
    state_dir: Path, open_postgres: OpenPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.embedded.supervisor.USERS_SECONDS_MAX", 0.2)
    owner = open_postgres(state_dir)
    open_postgres(state_dir)

    owner.stop()

    assert servers_in(state_dir) == []


def test_a_service_that_owns_the_server_stops_without_waiting(state_dir: Path, open_postgres: OpenPostgres) -> None:
    owner = open_postgres(state_dir, role=Role.SERVICE)
    open_postgres(state_dir)

    owner.stop()

    assert servers_in(state_dir) == []


def test_a_service_waits_for_a_command_to_end_and_then_owns(state_dir: Path, join: Join) -> None:
    command = join(state_dir, "--role=command")
    command.opened()
    service = join(state_dir, "--role=service")
    with pytest.raises(AssertionError, match="waited in vain"):
        until(service.has_more_to_say, what="the service", seconds=0.5)

    command.ask("stop")

    assert service.opened()["is_owner"]


def test_a_service_joins_a_command_that_stays(
    state_dir: Path, open_postgres: OpenPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.embedded.supervisor.COMMAND_OWNER_SECONDS_MAX", 0.2)
    command = open_postgres(state_dir)

    service = open_postgres(state_dir, role=Role.SERVICE)

    assert not service.is_owner
    # A service holds up no command.
    command.stop()
    assert service.try_take_over()


def test_a_service_does_not_wait_for_a_service(state_dir: Path, open_postgres: OpenPostgres) -> None:
    open_postgres(state_dir, role=Role.SERVICE)
    told: list[str] = []

    assert not open_postgres(state_dir, role=Role.SERVICE, on_progress=told.append).is_owner
    assert told == []


def test_a_forked_copy_of_a_killed_owner_neither_stops_the_server_nor_keeps_the_folder(
    state_dir: Path, join: Join, open_postgres: OpenPostgres
) -> None:
    owner = join(state_dir)
    owner.opened()
    copy = owner.ask("fork")["pid"]
    try:
        assert owner.ask("status")["postmaster_pid"] is not None
        assert not open_postgres(state_dir).is_owner

        owner.kill()

        assert not is_gone(copy)
        assert open_postgres(state_dir).is_owner
    finally:
        kill([copy])


def test_what_a_refused_start_leaves_behind_is_nothing(state_dir: Path, open_postgres: OpenPostgres) -> None:
    # A test before this one may have left another handler behind.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            open_postgres(state_dir, on_progress=interrupt_the_start)
    finally:
        signal.signal(signal.SIGINT, before)

    assert servers_in(state_dir) == []
    assert open_postgres(state_dir).is_owner


def interrupt_the_start(text: str) -> None:
    if text.startswith("starting"):
        signal.raise_signal(signal.SIGINT)


def test_leaving_the_context_stops_the_server(state_dir: Path) -> None:
    with EmbeddedPostgres.open(state_dir) as postgres:
        assert postgres.is_owner

    assert servers_in(state_dir) == []
